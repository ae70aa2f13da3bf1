"""Vapi's server messages. https://docs.vapi.ai/server-url/events

Most of them only tell; five ask, and the call waits for what we answer. What is not set up here
is said to be so: a caller hears a sentence instead of silence.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import wire
from crm.hooks.base import (
    UNREADABLE,
    CallOrder,
    HookProvider,
    PlacedCall,
    SecretForm,
    in_their_words,
)
from crm.hooks.values import Call, Item, News, Unsupported
from crm.signatures import check_vapi
from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    PayloadRejected,
    ProviderError,
)

STATUSES = ("scheduled", "queued", "ringing", "in-progress", "forwarding", "ended")
DIRECTIONS = {"inboundPhoneCall": "in", "outboundPhoneCall": "out"}
MAX_TOOLS = 50
MOST_CALLS = 1_000  # of a list
OF_A_REPORT = ("artifact", "analysis", "endedReason", "startedAt", "endedAt")
# Spoken to whoever calls, so it stands in the settings of the connection.
NOBODY = "Sorry, nobody can take this call right now. Please write to us instead."
NO_TOOL = "This tool is not available here."
NO_TRANSFER = "There is nobody to transfer this call to."


class VapiHook(HookProvider):
    how_to = _(
        "In Vapi enter this address as server URL of your organisation, phone number or assistant,"
        " and the secret as its HMAC, bearer or X-Vapi-Secret credential."
    )

    class ConfigForm(SecretForm):
        assistant_id = forms.CharField(
            label=_("Assistant"),
            required=False,
            max_length=100,
            help_text=_("Its id at Vapi: who answers when a number of yours has no assistant."),
        )
        api_key = forms.CharField(
            label=_("Private API key"),
            required=False,
            max_length=300,
            widget=forms.PasswordInput,
            help_text=_("With it and a phone number, your people can have leads called."),
        )
        phone_number_id = forms.CharField(
            label=_("Phone number to call from"),
            required=False,
            max_length=100,
            help_text=_("Its id at Vapi."),
        )
        first_words = forms.CharField(
            label=_("First words of a call"),
            required=False,
            max_length=500,
            help_text=_(
                "Said after the sentence that an AI is calling. Empty: the assistant's own."
            ),
        )
        sorry = forms.CharField(
            label=_("Said to callers when nobody can answer"), required=False, max_length=300
        )

    def verify(
        self, *, method: str, url: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> None:
        check_vapi(headers, secret=self.secret, body=body, now=now)

    def split(self, body: bytes) -> Iterator[Item]:
        message = _message(body)
        kind = wire.plain(message.get("type"), 64) or UNREADABLE
        kept = wire.dumps({name: message[name] for name in sorted(message)})
        yield Item("", wire.key_of("vapi", kept.hex()), kind, body)

    def read(self, kind: str, body: bytes) -> Sequence[News]:
        message = _message(body)
        if kind == "status-update":
            return [_status(message)]
        if kind == "end-of-call-report":
            return [_report(message)]
        asked = " It was answered." if kind in ANSWERS else ""
        return [Unsupported(f"Nothing is done with {wire.plain(kind, 64) or 'this'}.{asked}")]

    def answer(self, body: bytes) -> dict[str, Any] | None:
        try:
            message = _message(body)
        except PayloadRejected:
            return None
        kind = message.get("type")
        return ANSWERS[kind](self, message) if isinstance(kind, str) and kind in ANSWERS else None

    # -- calling

    @property
    def can_call(self) -> bool:
        return all(self.config.get(name) for name in ("api_key", "phone_number_id", "assistant_id"))

    def start_call(self, order: CallOrder) -> PlacedCall:
        """https://docs.vapi.ai/api-reference/calls/create"""
        assistant = str(self.config.get("assistant_id") or "")
        words = str(self.config.get("first_words") or "") or self._first_words_of(assistant)
        body = {
            "name": order.reference,
            "assistantId": assistant,
            "assistantOverrides": {
                "firstMessage": f"{order.disclosure} {words}".strip(),
                "firstMessageMode": "assistant-speaks-first",
            },
            "phoneNumberId": str(self.config.get("phone_number_id") or ""),
            "customer": {"number": order.number, **({"name": order.name} if order.name else {})},
        }
        try:
            return _placed(self._ask("POST", "call", json=body))
        except ProviderError as error:
            if error.status >= 500 and error.status != 503:
                raise AnswerLost(str(error), status=error.status) from error
            raise

    def _first_words_of(self, assistant: str) -> str:
        """What the assistant opens with, so that nothing of it is lost behind our sentence."""
        found = self._ask("GET", f"assistant/{quote(assistant, safe='')}")
        words = wire.label(found, "firstMessage", 500) if isinstance(found, dict) else ""
        return "" if wire.web_address(words) else words  # it may be a recording

    def find_call(self, reference: str, *, since: datetime) -> PlacedCall | None:
        """https://docs.vapi.ai/api-reference/calls/list"""
        params = {
            "phoneNumberId": str(self.config.get("phone_number_id") or ""),
            "createdAtGt": since.isoformat().replace("+00:00", "Z"),
            "limit": str(MOST_CALLS),
        }
        calls = self._ask("GET", "call", params=params)
        named = (call for call, _ in wire.objects(calls) if call and call.get("name") == reference)
        return next(map(_placed, named), None)

    def news_of_call(self, external_id: str) -> Item:
        """https://docs.vapi.ai/api-reference/calls/get, in the shape of its server messages."""
        call = self._ask("GET", f"call/{quote(external_id, safe='')}")
        if not isinstance(call, dict):
            raise AnswerLost("Vapi answered something that is no call.")
        is_over = call.get("status") == "ended"
        message = {
            "type": "end-of-call-report" if is_over else "status-update",
            "status": call.get("status"),
            "call": call,
            **{name: call[name] for name in OF_A_REPORT if call.get(name) is not None},
        }
        [item] = self.split(wire.dumps({"message": message}))
        return item

    def _ask(self, method: str, path: str, **what: Any) -> Any:
        key = str(self.config.get("api_key") or "")
        if not key.isascii() or not key.isprintable():
            raise CredentialsRejected("The API key holds characters that no key has.")
        url = f"{settings.VAPI_API_URL}/{path}"
        headers = {"Authorization": f"Bearer {key}"}
        try:
            return http.request(method, url, headers=headers, idempotent=method == "GET", **what)
        except ProviderError as error:
            raise in_their_words(error) from error

    # -- answering

    def assistant(self, message: dict[str, Any]) -> dict[str, Any]:
        """Who shall take the call; what is said to the caller where that is nobody."""
        if assistant_id := self.config.get("assistant_id"):
            return {"assistantId": assistant_id}
        return {"error": self.config.get("sorry") or NOBODY}

    def tools(self, message: dict[str, Any]) -> dict[str, Any]:
        """One refusal a call: the assistant then goes on without."""
        calls = message.get("toolCallList")
        calls = calls if isinstance(calls, list) else []
        return {
            "results": [
                {
                    "name": _name(call),
                    "toolCallId": wire.label(call, "id", 200),
                    "error": NO_TOOL,
                }
                for call in calls[:MAX_TOOLS]
                if isinstance(call, dict)
            ]
        }

    def transfer(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"error": NO_TRANSFER}

    def documents(self, message: dict[str, Any]) -> dict[str, Any]:
        """Its assistant has no knowledge of ours."""
        return {"documents": []}


ANSWERS: dict[str, Callable[[VapiHook, dict[str, Any]], dict[str, Any]]] = {
    "assistant-request": VapiHook.assistant,
    "tool-calls": VapiHook.tools,
    "transfer-destination-request": VapiHook.transfer,
    "handoff-destination-request": VapiHook.transfer,
    "knowledge-base-request": VapiHook.documents,
}


def _message(body: bytes) -> dict[str, Any]:
    """The message inside; a body without one stands for an empty one, which says nothing."""
    return wire.get_object(wire.load_object(body), "message")


def _name(call: dict[str, Any]) -> str:
    """The tool's name, in either of the two shapes a call comes in."""
    function = call.get("function")
    inner = wire.label(function, "name", 200) if isinstance(function, dict) else ""
    return wire.label(call, "name", 200) or inner


def _placed(call: Any) -> PlacedCall:
    found = call if isinstance(call, dict) else {}
    return PlacedCall(wire.get_answer_id(found, "id"), wire.label(found, "status", 32))


def _status(message: dict[str, Any]) -> News:
    status = wire.label(message, "status", 32)
    if status not in STATUSES:
        return Unsupported(f"{wire.plain(status) or 'This'} is no status of a call.")
    found = _call(message, status=status)
    return found if found.external_id else Unsupported("It does not say which call it is about.")


def _report(message: dict[str, Any]) -> News:
    return _call(message, status="ended")


def _call(message: dict[str, Any], *, status: str) -> Call:
    call, artifact = wire.get_object(message, "call"), wire.get_object(message, "artifact")
    analysis = wire.get_object(message, "analysis") or wire.get_object(call, "analysis")
    customer = wire.get_object(call, "customer") or wire.get_object(message, "customer")
    started = wire.moment(message.get("startedAt") or call.get("startedAt"))
    ended = wire.moment(message.get("endedAt") or call.get("endedAt"))
    seconds = _seconds(message)
    if not seconds and started and ended and ended > started:
        seconds = int((ended - started).total_seconds())
    return Call(
        external_id=wire.get_id(call, "id", required=False),
        status=status,
        at=wire.moment(message.get("timestamp"), milliseconds=True),
        phone=wire.label(customer, "number", 60),
        name=wire.label(customer, "name", 200),
        direction=DIRECTIONS.get(wire.label(call, "type"), ""),
        summary=wire.label(analysis, "summary", 10_000) or wire.label(message, "summary", 10_000),
        transcript=wire.label(artifact, "transcript", 50_000),
        ended_reason=wire.label(message, "endedReason", 120)
        or wire.label(call, "endedReason", 120),
        seconds=seconds,
        recording_url=_recording(artifact),
        reference=wire.label(call, "name", 40),
        started_at=started,
    )


def _seconds(message: dict[str, Any]) -> int:
    value = message.get("durationSeconds")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 < value < 1_000_000 else 0


def _recording(artifact: dict[str, Any]) -> str:
    """Where the recording lies: at its old place, or in the object that replaced it."""
    recording = artifact.get("recording")
    recording = recording if isinstance(recording, dict) else {}
    mono = recording.get("mono")
    mono = mono if isinstance(mono, dict) else {}
    return next(
        filter(
            None,
            map(
                wire.web_address,
                (
                    artifact.get("recordingUrl"),
                    mono.get("combinedUrl"),
                    recording.get("stereoUrl"),
                ),
            ),
        ),
        "",
    )
