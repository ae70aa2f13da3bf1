"""Calendly's webhooks. https://developer.calendly.com/api-docs/calendly-api/webhooks

An appointment that is moved is two events: the old invitee is canceled as ``rescheduled``, and a
new one is created.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import wire
from crm.hooks.base import UNREADABLE, HookProvider, SecretForm, in_their_words
from crm.hooks.values import Item, Meeting, News, Unsupported
from crm.signatures import check_timestamped
from tenants.plugins import http
from tenants.plugins.errors import CredentialsRejected, ProviderError

CREATED, CANCELED = "invitee.created", "invitee.canceled"
MAX_ANSWERS = 10  # questions a booking page may ask
MAX_PAGES = 20
GONE = 404


class CalendlyHook(HookProvider):
    how_to = _(
        "With a personal access token of Calendly we subscribe for you. Without one, create a"
        " webhook subscription over Calendly's API (POST /webhook_subscriptions) with this"
        " address as url, the secret as signing_key and the events invitee.created and"
        " invitee.canceled."
    )

    class ConfigForm(SecretForm):
        api_token = forms.CharField(
            label=_("Personal access token"),
            required=False,
            max_length=2_000,
            widget=forms.PasswordInput,
            help_text=_("Calendly: Integrations → API & webhooks. It needs a paid plan there."),
        )
        scope = forms.ChoiceField(
            label=_("Whose appointments"),
            choices=[
                ("", _("My own")),
                ("organization", _("Everybody's in the organization (its admins only)")),
            ],
            required=False,
        )

    def verify(
        self, *, method: str, url: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> None:
        claimed = headers.get("Calendly-Webhook-Signature", "")
        check_timestamped(claimed, secret=self.secret, body=body, now=now)

    def split(self, body: bytes) -> Iterator[Item]:
        event = wire.load_object(body)
        kind = wire.plain(event.get("event"), 64) or UNREADABLE
        kept = wire.dumps({name: event[name] for name in sorted(event)})
        yield Item("", wire.key_of("calendly", kept.hex()), kind, body)

    def read(self, kind: str, body: bytes) -> Sequence[News]:
        if kind not in {CREATED, CANCELED}:
            return [Unsupported("Not a booking or a cancellation.")]
        event = wire.load_object(body)
        invitee = wire.get_object(event, "payload")
        return [_meeting(event, invitee, is_canceled=kind == CANCELED)]

    # -- subscribing: https://developer.calendly.com/api-docs/calendly-api/webhooks

    @property
    def can_subscribe(self) -> bool:
        return bool(self.config.get("api_token"))

    def subscribe(self, address: str) -> str:
        """Calendly shows no signing key, so that one which is there already is made anew."""
        owner = self._owner()
        self._leave(address, owner)
        body = {"url": address, "events": [CREATED, CANCELED], "signing_key": self.secret, **owner}
        answer = self._ask("POST", "webhook_subscriptions", json=body)
        return wire.get_answer_id(_resource(answer), "uri")

    def is_subscribed(self, address: str, name: str) -> bool:
        found = self._at(address, self._owner())
        return any(each.get("uri") == name and each.get("state") == "active" for each in found)

    def unsubscribe(self, name: str) -> None:
        path = f"webhook_subscriptions/{quote(name.rstrip('/').rpartition('/')[2], safe='')}"
        try:
            self._ask("DELETE", path, idempotent=True)
        except ProviderError as error:
            if error.status != GONE:
                raise

    def leave(self, address: str, *, but: str = "") -> None:
        self._leave(address, self._owner(), but=but)

    def _leave(self, address: str, owner: Mapping[str, str], *, but: str = "") -> None:
        for known in self._at(address, owner):
            if known.get("uri") != but:
                self.unsubscribe(wire.get_id(known, "uri"))

    def _owner(self) -> dict[str, str]:
        """For whom: both scopes name the organization, one of them the user as well."""
        me = _resource(self._ask("GET", "users/me"))
        owner = {"organization": wire.get_id(me, "current_organization")}
        if self.config.get("scope") == "organization":
            return {**owner, "scope": "organization"}
        return {**owner, "user": wire.get_id(me, "uri"), "scope": "user"}

    def _at(self, address: str, owner: Mapping[str, str]) -> list[dict[str, Any]]:
        """The subscriptions that lead to an address, over all pages."""
        found: list[dict[str, Any]] = []
        page = ""
        for _number in range(MAX_PAGES):
            params = {**owner, "count": "100", **({"page_token": page} if page else {})}
            answer = self._ask("GET", "webhook_subscriptions", params=params)
            listed = (each for each, _ in wire.objects(wire.get_list(answer, "collection")))
            found += [each for each in listed if each and each.get("callback_url") == address]
            page = wire.label(wire.get_object(answer, "pagination"), "next_page_token", 2_000)
            if not page:
                break
        return found

    def _ask(self, method: str, path: str, *, idempotent: bool = False, **what: Any) -> Any:
        token = str(self.config.get("api_token") or "")
        if not token.isascii() or not token.isprintable():
            raise CredentialsRejected("The token holds characters that no token has.")
        try:
            answer = http.request(
                method,
                f"{settings.CALENDLY_API_URL}/{path}",
                headers={"Authorization": f"Bearer {token}"},
                idempotent=idempotent or method == "GET",
                **what,
            )
        except ProviderError as error:
            raise in_their_words(error) from error
        return answer if isinstance(answer, dict) else {}


def _resource(answer: dict[str, Any]) -> dict[str, Any]:
    return wire.get_object(answer, "resource")


def _meeting(event: dict[str, Any], invitee: dict[str, Any], *, is_canceled: bool) -> Meeting:
    booked = invitee.get("scheduled_event")
    booked = booked if isinstance(booked, dict) else {}
    cancellation = wire.get_object(invitee, "cancellation") if is_canceled else {}
    place = booked.get("location")
    place = place if isinstance(place, dict) else {}
    return Meeting(
        external_id=wire.get_id(invitee, "uri"),
        email=wire.label(invitee, "email", 254).strip(),
        name=wire.label(invitee, "name", 200),
        phone=wire.label(invitee, "text_reminder_number", 60),
        at=wire.moment(event.get("created_at")),
        is_canceled=is_canceled,
        is_moved=is_canceled and invitee.get("rescheduled") is True,
        title=wire.label(booked, "name", 200),
        starts_at=wire.moment(booked.get("start_time")),
        ends_at=wire.moment(booked.get("end_time")),
        place=wire.label(place, "join_url", 500) or wire.label(place, "location", 500),
        reason=wire.label(cancellation, "reason", 1_000),
        answers=tuple(_answers(invitee)),
    )


def _answers(invitee: dict[str, Any]) -> Iterator[tuple[str, str]]:
    asked = invitee.get("questions_and_answers")
    for each in (asked if isinstance(asked, list) else [])[:MAX_ANSWERS]:
        if isinstance(each, dict) and (said := wire.label(each, "answer", 1_000)):
            yield wire.label(each, "question", 200), said
