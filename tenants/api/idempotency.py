"""``Idempotency-Key``: a POST that is sent twice happens once, and is answered alike both times.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
The row stands in the company's schema before the deed begins, so it outlives our processes and
the queue; the answer is kept for a day, encrypted: it may hold what is shown once.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from tenants import context
from tenants.api.exceptions import plain_problem
from tenants.workspace.models import KeptAnswer

KEPT = timedelta(days=1)
RUNNING = timedelta(seconds=120)  # if we die meanwhile, the next try counts as the first
KEPT_BYTES = 256 * 1024
LONGEST_KEY = 255
# Answers that say "not now" or "not you" are no outcome of the deed.
NO_OUTCOME = frozenset({401, 403, 408, 409, 412, 428, 429})

# One statement decides who does it, however many ask at once: the first, or whoever comes
# after one that died in the middle or that is long over.
_CLAIM = """
INSERT INTO workspace_keptanswer AS kept
    (actor, digest, asked, started_at, status, content_type, body)
VALUES (%(actor)s, %(digest)s, %(asked)s, %(now)s, NULL, '', NULL)
ON CONFLICT (actor, digest) DO UPDATE
SET asked = EXCLUDED.asked, started_at = EXCLUDED.started_at, status = NULL, body = NULL
WHERE kept.started_at < %(over)s
   OR kept.status IS NULL AND kept.started_at < %(dead)s AND kept.asked = EXCLUDED.asked
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST under a key, to be done by us: the row where its answer will be kept."""

    id: int


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
    now = timezone.now()
    fingerprint = _fingerprint(request)
    values = {
        "actor": actor,
        "digest": digest,
        "asked": fingerprint,
        "now": now,
        "over": now - KEPT,
        "dead": now - RUNNING,
    }
    with context.connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        mine = cursor.fetchone()
    return Attempt(mine[0]) if mine else _earlier(actor, digest, fingerprint)


def finish(attempt: Attempt, response: HttpResponse) -> None:
    """Keep the answer, or free the key where the deed was not done."""
    row = KeptAnswer.objects.filter(pk=attempt.id)
    done = response.status_code < 500 and response.status_code not in NO_OUTCOME
    if not done or response.streaming or len(response.content) > KEPT_BYTES:
        row.delete()
        return
    row.update(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", "")[:100],
        body=response.content,
    )


def forget_old_answers() -> int:
    """Delete what nobody may ask for any more; returns how many there were."""
    return KeptAnswer.objects.filter(started_at__lt=timezone.now() - KEPT).delete()[0]


def _earlier(actor: str, digest: str, asked: str) -> HttpResponse:
    kept = KeptAnswer.objects.filter(actor=actor, digest=digest).first()
    if kept is not None and kept.asked != asked:
        return plain_problem(
            422, "idempotency_key", "This Idempotency-Key was used for another request."
        )
    if kept is None or kept.status is None:
        still = plain_problem(409, "in_progress", "The first request with this key still runs.")
        still["Retry-After"] = "1"
        return still
    answer = HttpResponse(kept.body, status=kept.status, content_type=kept.content_type)
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
