"""Asking HubSpot: one account, by its token."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from crm.providers.base import Field, needed
from crm.providers.hubspot import batches, properties
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, Rejected, Unavailable
from tenants.plugins.oauth import Access


class Wire:
    """Every request of ours may be repeated: an upsert, a search, what is there already."""

    def __init__(self, config: Mapping[str, str], access: Access) -> None:
        self._config = config
        self._access = access

    def headers(self, token: str) -> dict[str, str]:
        """``token`` is one that somebody signed in for; "": the one they entered."""
        return {"Authorization": f"Bearer {token or needed(self._config, 'token')}"}

    def ask(self, method: str, path: str, **content: Any) -> tuple[dict[str, Any], int, str]:
        """The answer, its status and HubSpot's name for the request."""
        own_url = self._config.get("base_url")

        def ask(token: str) -> Any:
            return http.exchange(
                method,
                (own_url or settings.HUBSPOT_API_URL).rstrip("/") + path,
                **content,
                headers=self.headers(token),
                idempotent=True,
                named_by_company=bool(own_url),
            )

        response = self._access.exchange(ask)
        answer = http.answer_of(response) or {}
        return answer, response.status_code, response.headers.get("x-hubspot-correlation-id", "")

    def post(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        return self.ask("POST", path, json=content)[0]

    def upsert(
        self, kind: str, inputs: Sequence[Mapping[str, Any]], fields: tuple[Field, ...]
    ) -> tuple[dict[str, Any], int, str]:
        """A batch; where the account lacks properties of ours they are made, once."""
        path, body = f"/crm/v3/objects/{kind}/batch/upsert", {"inputs": list(inputs)}
        try:
            return self.ask("POST", path, json=body)
        except Rejected as error:
            if not batches.lacks_our_properties(error):
                raise
        self.make_properties(kind, fields)
        return self.ask("POST", path, json=body)

    def upsert_all(
        self, kind: str, wanted: Mapping[str, Mapping[str, Any]], fields: tuple[Field, ...]
    ) -> tuple[dict[str, str], dict[str, ProviderError]]:
        """Our key to the id there, and to the error, of records that we alone make."""
        taken: dict[str, str] = {}
        errors: dict[str, ProviderError] = {}
        keys = list(wanted)
        for start in range(0, len(keys), batches.MOST):
            some = keys[start : start + batches.MOST]
            inputs = [batches.upsert(key, wanted[key]) for key in some]
            ids, refused = batches.judged(some, self.upsert(kind, inputs, fields)[0])
            taken |= {key: ids[key] for key in some if key in ids}
            errors |= {key: batches.error_of(problem) for key, problem in refused.items()}
            for key in some:
                if key not in taken and key not in errors:
                    text = f"HubSpot's answer says nothing of a record of {kind}."
                    errors[key] = Unavailable(text, code="no_result")
        return taken, errors

    def make_properties(self, kind: str, fields: tuple[Field, ...]) -> None:
        """Make the properties of ours that this account lacks; those it has are left alone."""
        if kind not in properties.GROUPS:
            self._make(f"/crm/v3/properties/{kind}/groups", properties.group_definition())
        for definition in properties.definitions(kind, fields):
            self._make(f"/crm/v3/properties/{kind}", definition)

    def _make(self, path: str, definition: Mapping[str, Any]) -> None:
        try:
            self.post(path, definition)
        except Rejected as error:
            if error.status != batches.CONFLICT:
                raise
