"""A customer's own endpoint, signed as Standard Webhooks asks. https://www.standardwebhooks.com

One delivery is one state of one lead. Its ``webhook-id`` stays the same however often we try,
so that a receiver which remembers ids takes each change once.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from standardwebhooks.webhooks import Webhook

from crm.providers.base import CrmProvider, Field, Outcome, Upsert
from tenants.plugins import http
from tenants.plugins.errors import CredentialsRejected, ProviderError, Rejected, Unavailable

TIMEOUT = 10  # seconds; a receiver should store and answer, not work
GONE = 410  # "the endpoint is no longer in use": we stop, as the specification asks
# A route being deployed, a record being locked: these heal.
PASSING = {404, 409, 423, 425}


def new_secret() -> str:
    """192 random bits in the form the specification gives secrets."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


class SignedWebhook(CrmProvider):
    fields = (
        Field("id", "key", "raw"),
        Field("version", "version", "raw"),
        Field("name", "name", "raw"),
        Field("email", "email", "raw"),
        Field("phone", "phone", "raw"),
        Field("stage", "stage", "raw"),
        Field("tier", "tier", "raw"),
        Field("score", "score", "raw"),
        Field("reasons", "reason_list", "raw"),
        Field("facts", "fact_map", "raw"),
        Field("owner", "owner_email", "raw"),
        Field("merged_into", "merged_into", "raw"),
        Field("created_at", "created_at", "moment"),
        Field("updated_at", "updated_at", "moment"),
    )
    has_people = False
    batch_size = 5  # slow receivers included, a batch ends before its claim does
    rate = (20, 1.0)

    class ConfigForm(forms.Form):
        base_url = forms.URLField(label="URL", assume_scheme="https")
        secret = forms.CharField(
            widget=forms.PasswordInput,
            required=False,
            help_text="Starts with whsec_. Left empty, we make one and show it once.",
        )

        def clean_secret(self) -> str:
            secret = str(self.cleaned_data["secret"]).strip()
            try:
                key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            except (binascii.Error, ValueError) as error:
                raise ValidationError("The secret is whsec_ and base64.") from error
            if secret and not 24 <= len(key) <= 64:  # the specification's bounds
                raise ValidationError("The secret must hold 24 to 64 bytes.")
            return secret

    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        """One request a record; the first trouble ends it, the records after it stay untried."""
        outcomes = []
        for record in records:
            outcome = self._deliver(record)
            outcomes.append(outcome)
            if outcome.error is not None and _concerns_all(outcome.error):
                break
        return outcomes

    def _deliver(self, record: Upsert) -> Outcome:
        body = json.dumps(
            {
                "type": "lead.updated",
                "timestamp": record.changed_at.astimezone(UTC).isoformat(),
                "data": record.properties,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        now = datetime.now(UTC)
        try:
            response = http.exchange(
                "POST",
                self.config["base_url"],
                content=body.encode("utf-8", "replace"),
                headers={
                    "content-type": "application/json",
                    "webhook-id": record.delivery_id,
                    "webhook-timestamp": str(int(now.timestamp())),
                    "webhook-signature": self._signature(record.delivery_id, now, body),
                },
                idempotent=True,
                timeout=TIMEOUT,
                named_by_company=True,
            )
        except ProviderError as error:
            return Outcome(record.key, error=error)
        status, request_id = response.status_code, response.headers.get("x-request-id", "")
        if 200 <= status < 300:
            return Outcome(record.key, _id_in(response), status, request_id)
        return Outcome(record.key, "", status, request_id, _error_of(response))

    def _signature(self, delivery_id: str, now: datetime, body: str) -> str:
        readable = body.encode("utf-8", "replace").decode()
        return Webhook(self.config["secret"]).sign(delivery_id, now, readable)


def _concerns_all(error: ProviderError) -> bool:
    """Whether the next record would meet the same."""
    return error.retryable or isinstance(error, CredentialsRejected | http.ForbiddenAddress)


def _id_in(response: Any) -> str:
    """The receiver's own id, if it answers with one; any other answer is fine as well."""
    try:
        answer = response.json()
    except ValueError:
        return ""
    return str(answer.get("id", ""))[:128] if isinstance(answer, dict) else ""


def _error_of(response: Any) -> ProviderError:
    status = response.status_code
    if status == GONE:
        return CredentialsRejected("The endpoint says that it is gone.", code="410", status=status)
    if status in PASSING:
        return Unavailable(f"HTTP {status}: {response.text[:300]}", code=str(status), status=status)
    try:
        http.answer_of(response)
    except ProviderError as error:
        return error
    return Rejected(f"HTTP {status}", code=str(status), status=status)
