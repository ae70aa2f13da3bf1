"""Asking Pipedrive: one company's account, in both versions of its API."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from channels_app.wire import moment
from crm.providers.base import needed
from crm.providers.pipedrive.records import CHANGED_MOST, FIELD, PAGE, PAGES
from tenants.plugins import http
from tenants.plugins.errors import CredentialsRejected, RateLimited, Rejected, Unavailable
from tenants.plugins.oauth import Access

UNSEEN = {403, 404}  # a user that our access may not see, or who left


class Wire:
    """Whatever was lost may be asked again: what was made is found."""

    def __init__(self, config: Mapping[str, str], access: Access) -> None:
        self._config = config
        self._access = access
        own_url = config.get("api_url") or config.get("base_url")
        root = (own_url or settings.PIPEDRIVE_API_URL).rstrip("/")
        self.roots = {"v1": f"{root}/v1", "v2": f"{root}/api/v2"}
        self._codes: dict[str, str] = {}  # what Pipedrive calls the field with our key
        self._emails: dict[str, str] = {}  # of its people

    def ask(
        self,
        method: str,
        version: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        found = self._answer(method, version, path, body, params=params).get("data")
        return {} if found is None else found

    def rows(
        self, version: str, path: str, params: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        found = self.ask("GET", version, path, params=params)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def search(self, kind: str, term: str, field: str) -> int | None:
        """The one that is exactly this. https://developers.pipedrive.com/docs/api/v1/Persons#searchPersons"""
        params = {"term": term, "fields": field, "exact_match": "true", "limit": "1"}
        found = self.ask("GET", "v2", f"/{kind}/search", params=params)
        items = found.get("items") if isinstance(found, dict) else None
        for each in items if isinstance(items, list) else []:
            item = each.get("item") if isinstance(each, dict) else None
            if isinstance(item, dict) and item.get("id"):
                return int(item["id"])
        return None

    def fields(self, kind: str) -> Iterator[dict[str, Any]]:
        """Of persons or deals. https://developers.pipedrive.com/docs/api/v1/PersonFields#getPersonFields"""
        for rows, _is_last in self.pages("v2", f"/{kind}Fields", {"limit": str(PAGE)}):
            yield from rows

    def pages(
        self, version: str, path: str, params: Mapping[str, str]
    ) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """Each with whether it is the last; not more than ``PAGES``.

        https://pipedrive.readme.io/docs/core-api-concepts-pagination
        """
        onward: dict[str, str] = {}
        for _page in range(PAGES):
            answer = self._answer("GET", version, path, params={**params, **onward})
            more = answer.get("additional_data") or {}
            cursor = more.get("next_cursor")
            start = (more.get("pagination") or {}).get("next_start")
            onward = {"cursor": str(cursor)} if cursor else {"start": str(start)} if start else {}
            rows = [one for one in answer.get("data") or [] if isinstance(one, dict)]
            yield rows, not onward
            if not onward:
                return

    def known_code(self, kind: str) -> str:
        """The code of the field with our key; "" where this company has none yet."""
        if kind not in self._codes:
            found = (one for one in self.fields(kind) if one.get("field_name") == FIELD)
            self._codes[kind] = str(next(found, {}).get("field_code") or "")
        return self._codes[kind]

    def code(self, kind: str) -> str:
        """The same, made where there is none."""
        if found := self.known_code(kind):
            return found
        body = {"field_name": FIELD, "field_type": "varchar"}
        made = str(self.ask("POST", "v2", f"/{kind}Fields", body).get("field_code") or "")
        if not made:
            raise Unavailable("Pipedrive does not say what it calls our field.", code="no_field")
        self._codes[kind] = made
        return made

    def email_of(self, user_id: str) -> str:
        """https://developers.pipedrive.com/docs/api/v1/Users#getUser"""
        if user_id not in self._emails:
            self._emails[user_id] = self._asked_email(user_id) if user_id.isdecimal() else ""
        return self._emails[user_id]

    def _asked_email(self, user_id: str) -> str:
        try:
            return str(self.ask("GET", "v1", f"/users/{user_id}").get("email") or "")
        except (Rejected, CredentialsRejected) as error:
            if error.status in UNSEEN:
                return ""
            raise

    def _answer(
        self,
        method: str,
        version: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        def ask(token: str) -> Any:
            return http.exchange(
                method,
                self.roots[version] + path,
                json=body,
                params=params,
                headers=self._headers(token),
                idempotent=True,
                named_by_company=bool(self._config.get("base_url")),
            )

        response = self._access.exchange(ask)
        try:
            answer = http.answer_of(response)
        except RateLimited as error:
            reset = response.headers.get("x-ratelimit-reset", "")
            if error.retry_after is None and reset.isdecimal():
                error.retry_after = float(reset)
            raise
        return answer if isinstance(answer, dict) else {}

    def _headers(self, token: str) -> dict[str, str]:
        """``token`` is one that somebody signed in for; "": the key they entered."""
        if token:
            return {"Authorization": f"Bearer {token}"}
        return {"x-api-token": needed(self._config, "token")}


class Look:
    """What was changed since a time, of several kinds; ``until`` is up to when all of it is known,
    where there was more than one looks through."""

    def __init__(self, wire: Wire, since: datetime) -> None:
        self.until: datetime | None = None
        self._wire = wire
        stamp = since.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"
        self._params = {"updated_since": stamp, "limit": str(CHANGED_MOST)}

    def rows(self, version: str, path: str) -> list[tuple[datetime, dict[str, Any]]]:
        """Each with the time of its change, the oldest first."""
        found: list[tuple[datetime, dict[str, Any]]] = []
        by = {"sort_by": "update_time"} if version == "v2" else {"sort": "update_time"}
        is_all = True
        for rows, is_last in self._wire.pages(version, path, {**self._params, **by}):
            is_all = is_last
            timed = ((moment(row.get("update_time")), row) for row in rows)
            found += [(at, row) for at, row in timed if at is not None]
        if not is_all and found:
            self.until = min(self.until or found[-1][0], found[-1][0])
        return found
