"""``Idempotency-Key``: a POST that is sent twice happens once, and is answered alike both times.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
The answer is kept for a day, encrypted: it may hold what is shown once, or somebody's data.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from tenants import context, crypto
from tenants.api.exceptions import plain_problem
from tenants.redis import client

KEPT_SECONDS = 24 * 3600
RUNNING_SECONDS = 120  # if we die meanwhile, the next try counts as the first
KEPT_BYTES = 256 * 1024
LONGEST_KEY = 255
COLUMN = "idempotency"
# Answers that say "not now" or "not you" are no outcome of the deed.
NO_OUTCOME = frozenset({401, 403, 408, 409, 429})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST under a key: where its answer is kept, and what was asked."""

    name: str
    fingerprint: str


def begin(request: HttpRequest) -> Attempt | HttpResponse | None:
    """An attempt to be finished, the answer of an earlier one, or None where no key was sent."""
    key = request.headers.get("Idempotency-Key", "")
    if request.method != "POST" or not key:
        return None
    if len(key) > LONGEST_KEY:
        return plain_problem(400, "idempotency_key", "The Idempotency-Key is too long.")
    actor = _who_asks(request)
    if not actor:
        return None  # the view says who may come in
    digest = sha256(f"{request.path} {key}".encode("utf-8", "surrogatepass")).hexdigest()
    attempt = Attempt(context.scoped("idempotency", actor, digest), _fingerprint(request))
    try:
        mine = client().set(
            attempt.name, json.dumps({"asked": attempt.fingerprint}), nx=True, ex=RUNNING_SECONDS
        )
        return attempt if mine else _earlier(attempt)
    except redis.RedisError:
        return plain_problem(503, "unavailable", "Keys cannot be checked now; try again.")


def finish(attempt: Attempt, response: HttpResponse) -> None:
    """Keep the answer, or free the key where the deed was not done."""
    done = response.status_code < 500 and response.status_code not in NO_OUTCOME
    try:
        if not done or response.streaming or len(response.content) > KEPT_BYTES:
            client().delete(attempt.name)
            return
        kept = {
            "asked": attempt.fingerprint,
            "status": response.status_code,
            "type": response["Content-Type"],
            "body": b64encode(crypto.encrypt(response.content, column=COLUMN)).decode(),
        }
        client().set(attempt.name, json.dumps(kept), ex=KEPT_SECONDS)
    except redis.RedisError:
        pass  # the running mark ends by itself


def _earlier(attempt: Attempt) -> HttpResponse:
    kept: dict[str, Any] = json.loads(str(client().get(attempt.name) or "{}"))
    if kept.get("asked") not in {None, attempt.fingerprint}:
        return plain_problem(
            422, "idempotency_key", "This Idempotency-Key was used for another request."
        )
    if "status" not in kept:
        return plain_problem(409, "in_progress", "The first request with this key still runs.")
    body = crypto.decrypt(b64decode(kept["body"]), column=COLUMN)
    answer = HttpResponse(body, status=kept["status"], content_type=kept["type"])
    answer["Idempotency-Replayed"] = "true"
    return answer


def _who_asks(request: HttpRequest) -> str:
    """The caller, as the view would know them; empty where it would refuse."""
    names = settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"]
    asked = Request(request, authenticators=[import_string(name)() for name in names])
    try:
        return str(getattr(asked.user, "actor", ""))
    except APIException:
        return ""


def _fingerprint(request: HttpRequest) -> str:
    # An upload is not read into memory for this: its size has to do.
    is_upload = (request.content_type or "").startswith("multipart/")
    asked = request.headers.get("Content-Length", "").encode() if is_upload else request.body
    return sha256(request.get_full_path().encode() + b"\0" + asked).hexdigest()
