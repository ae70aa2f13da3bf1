"""Calling a lead: asked for by a person, placed once, looked up where nobody knows.

The answer to "may they be called" is the same for the page and for programs: an opt-out, a block
and the quiet hours hold for a machine's voice as they do for its letters.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from channels_app.proofs import comparable_phone
from channels_app.quiet import quiet_until
from channels_app.services import refuses_calls
from crm.hooks.base import CallOrder, PlacedCall
from crm.hooks.values import Call
from crm.models import IncomingHook, PhoneCall
from crm.services.keeping import keep_events
from crm.services.ringing import ring
from leads.models import Lead
from tenants import context
from tenants.audit.services import record
from tenants.plugins.errors import AnswerLost, ProviderError
from tenants.told import Sentence
from tenants.workspace.services import profile

State = PhoneCall.State
MAX_ATTEMPTS = 5
PAUSE = 5.0  # seconds, twice as long each time
LOOKED_UP = (timedelta(seconds=5), timedelta(seconds=60))  # after an answer was lost: twice
EARLIER = timedelta(minutes=2)  # their clock may be behind ours
INTERRUPTED = timedelta(minutes=2)  # longer than any request takes
SILENT = timedelta(minutes=5)  # then we ask how the call is
LOOKED_FOR = timedelta(days=1)  # no call lasts longer: then a doubt is of no use to anybody
WAITS = timedelta(hours=1)  # people who ask for a call do not mean tomorrow
# A machine says that it is one before anything else: Regulation (EU) 2024/1689, Article 50.
WHO_CALLS = gettext_lazy("Hello, this is the AI assistant of %(company)s.")


NOT_PLACED = _("The connection broke, and the provider has no such call: nobody was called.")
NEVER_KNOWN = _("The provider never said whether it placed this call.")
TOO_LATE = _("It waited for an hour and was not placed. Ask again.")
QUIET = Sentence(_("Quiet hours: nobody is called until %(time)s."))


class CallRefused(Exception):
    """They may not be called (now): a machine's reason, a person's (English; doors translate it
    by ``tenants.told``), and when it may be tried."""

    def __init__(self, code: str, text: str, next_allowed_at: datetime | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.next_allowed_at = next_allowed_at


def telephony() -> IncomingHook | None:
    """The company's way to place calls; None where it has connected none."""
    hooks = IncomingHook.objects.filter(is_active=True, kind="vapi").order_by("pk")
    return next((hook for hook in hooks if hook.provider().can_call), None)


def may_call(*, lead: Lead, hook: IncomingHook | None = None) -> IncomingHook:
    """By what they would be called; raises CallRefused with the first reason against it."""
    hook = hook or telephony()
    if hook is None or not hook.is_active or not hook.provider().can_call:
        raise CallRefused("no_telephony", _("No telephony is connected for calls."))
    if not comparable_phone(lead.phone):
        raise CallRefused("no_phone", _("There is no phone number with a country code."))
    contact = lead.contact
    if contact.is_blocked:
        raise CallRefused("contact_blocked", _("This contact is blocked."))
    if refuses_calls(contact=contact, number=lead.phone):
        raise CallRefused("opted_out", _("They asked not to be contacted."))
    until = _quiet_until()
    if until is not None:
        raise CallRefused("quiet_hours", QUIET.of(time=f"{until:%H:%M}"), until)
    return hook


def _quiet_until() -> datetime | None:
    ours = profile()
    zone = ZoneInfo(context.current_company().time_zone)
    return quiet_until(now=timezone.now(), zone=zone, start=ours.quiet_from, end=ours.quiet_to)


def ask_for_call(
    *, lead: Lead, actor: str, key: str = "", hook: IncomingHook | None = None
) -> PhoneCall:
    """Have a lead called. One click is one call, and so are two while the first goes on.

    Raises CallRefused.
    """
    if key and (known := PhoneCall.objects.filter(key=key, lead=lead).first()):
        return known
    hook = may_call(lead=lead, hook=hook)
    try:
        with transaction.atomic():
            call = PhoneCall.objects.create(
                lead=lead, hook=hook, key=key, number=_dialled(lead.phone), asked_by=actor
            )
            record(action="call.asked", subject=f"lead:{lead.pk}", actor=actor)
            ring("place_call", call.pk)
    except IntegrityError:
        under_way = PhoneCall.objects.filter(lead=lead).exclude(state__in=PhoneCall.OVER).first()
        if under_way is None:
            raise CallRefused("key_used", _("This key belongs to another call.")) from None
        return under_way
    return call


def _dialled(phone: str) -> str:
    return f"+{comparable_phone(phone)}"


def place_call(*, call_id: int) -> str:
    """Ask the provider for it, once: whoever claims the row does, and nobody after them."""
    now = timezone.now()
    claimed = PhoneCall.objects.filter(pk=call_id, state=State.ASKED).exclude(
        next_attempt_at__gt=now
    )
    if not claimed.update(state=State.PLACING, state_at=now):
        return ""
    call = PhoneCall.objects.select_related("hook", "lead__contact").get(pk=call_id)
    if now - call.created_at > WAITS:
        return _fail(call, "too_late", TOO_LATE)
    try:
        may_call(lead=call.lead, hook=call.hook)  # it may have waited since
    except CallRefused as refused:
        return _fail(call, refused.code, refused.text)
    _dial(call)
    try:
        placed = call.hook.provider().start_call(_order(call))
    except AnswerLost:
        return _doubt(call)
    except ProviderError as error:
        return _put_off(call, error)
    return _know(call, placed)


def _dial(call: PhoneCall) -> None:
    """The number that they have now: it may have been corrected while the call waited."""
    number = _dialled(call.lead.phone)
    if number != call.number:
        call.number = number
        call.save(update_fields=["number"])


def _order(call: PhoneCall) -> CallOrder:
    company = context.current_company().name
    usual = next(iter(profile().languages), "en")
    with translation.override(call.lead.contact.language or usual):
        disclosure = str(WHO_CALLS) % {"company": company}
    return CallOrder(
        reference=call.reference,
        number=call.number,
        name=str(call.lead.name or call.lead.contact.name)[:40],
        disclosure=disclosure,
    )


def _know(call: PhoneCall, placed: PlacedCall) -> str:
    """The provider has it, under this id."""
    state = _state_of(placed)
    with transaction.atomic():
        row = PhoneCall.objects.select_for_update().get(pk=call.pk)
        if row.state in PhoneCall.PLACED:  # its news were faster than the answer
            state = max(row.state, state, key=PhoneCall.PLACED.index)
        row.external_id, row.state, row.state_at = placed.external_id, state, timezone.now()
        row.error_code = row.error_text = ""
        row.save(update_fields=["external_id", "state", "state_at", "error_code", "error_text"])
    return state


def _state_of(placed: PlacedCall) -> str:
    return placed.status if placed.status in PhoneCall.PLACED else State.QUEUED


def _put_off(call: PhoneCall, error: ProviderError) -> str:
    """Nothing was placed. What may heal is tried again; the rest is said as it is."""
    code = error.code or str(error.status or "") or type(error).__name__
    if not error.retryable or call.attempts + 1 >= MAX_ATTEMPTS:
        return _fail(call, code, str(error))
    pause = error.retry_after if error.retry_after is not None else PAUSE * 2**call.attempts
    now = timezone.now()
    PhoneCall.objects.filter(pk=call.pk, state=State.PLACING).update(
        state=State.ASKED,
        state_at=now,
        attempts=call.attempts + 1,
        next_attempt_at=now + timedelta(seconds=pause),
        error_code=code[:64],
        error_text=str(error)[:300],
    )
    ring("place_call", call.pk, delay=pause)
    return State.ASKED


def _fail(call: PhoneCall, code: str, text: str) -> str:
    PhoneCall.objects.filter(pk=call.pk).exclude(state__in=PhoneCall.PLACED).update(
        state=State.FAILED, state_at=timezone.now(), error_code=code[:64], error_text=text[:300]
    )
    return State.FAILED


def _doubt(call: PhoneCall) -> str:
    """Their phone may be ringing. Nothing is tried again before it was looked up."""
    PhoneCall.objects.filter(pk=call.pk, state=State.PLACING).update(
        state=State.UNKNOWN, state_at=timezone.now()
    )
    for pause in LOOKED_UP:
        ring("look_up_call", call.pk, delay=pause.total_seconds())
    return State.UNKNOWN


def look_up_call(*, call_id: int) -> str:
    """Ask the provider whether it has a call of that name, after its answer was lost."""
    call = PhoneCall.objects.select_related("hook").filter(pk=call_id, state=State.UNKNOWN).first()
    if call is None:
        return ""
    try:
        placed = call.hook.provider().find_call(call.reference, since=call.created_at - EARLIER)
    except ProviderError:
        # Whatever keeps us from looking says nothing about the call. The sweeper asks again.
        if timezone.now() - call.state_at > LOOKED_FOR:
            return _fail(call, "never_known", NEVER_KNOWN)
        return State.UNKNOWN
    if placed is not None:
        return _know(call, placed)
    if timezone.now() - call.state_at < LOOKED_UP[-1]:
        return State.UNKNOWN  # it may not show yet
    return _fail(call, "not_placed", NOT_PLACED)


def hear_of_call(*, hook: IncomingHook, news: Call) -> PhoneCall | None:
    """News of a call at the provider: the one we asked for goes on; None where it is no such."""
    ours = Q(external_id=news.external_id) if news.external_id else Q()
    ours |= Q(reference=news.reference) if news.reference else Q()
    if not ours:
        return None
    rows = PhoneCall.objects.select_for_update(of=("self",)).select_related("lead")
    call = rows.filter(ours, hook=hook).first()
    if call is None or call.state == State.ENDED:
        return call
    if call.is_over and news.status != State.ENDED and _is_another_under_way(call):
        # We had given it up, and they are called once more by now: it is no open call again.
        call.external_id = call.external_id or news.external_id
        call.save(update_fields=["external_id"])
        return call
    before = call.state if call.state in PhoneCall.PLACED else State.SCHEDULED
    call.state = max(before, news.status, key=PhoneCall.PLACED.index)
    call.state_at = timezone.now()
    call.external_id = call.external_id or news.external_id
    call.ended_reason = news.ended_reason or call.ended_reason
    call.error_code = call.error_text = ""
    call.save(
        update_fields=[
            *("state", "state_at", "external_id", "ended_reason"),
            *("error_code", "error_text"),
        ]
    )
    return call


def _is_another_under_way(call: PhoneCall) -> bool:
    others = PhoneCall.objects.filter(lead=call.lead_id).exclude(pk=call.pk)
    return others.exclude(state__in=PhoneCall.OVER).exists()


def follow_call(*, call_id: int) -> list[str]:
    """Ask how a call is of which no news came; what is told is kept as an event of its hook."""
    call = PhoneCall.objects.select_related("hook").get(pk=call_id)
    PhoneCall.objects.filter(pk=call.pk).update(state_at=timezone.now())
    if call.is_over or not call.external_id:
        return []
    try:
        item = call.hook.provider().news_of_call(call.external_id)
    except ProviderError:
        return []  # the sweeper asks again
    return keep_events(hook_id=call.hook_id, items=[item])


def ring_calls() -> int:
    """What was asked for and never placed, is in doubt, or has gone silent; from the sweeper."""
    now = timezone.now()
    calls = PhoneCall.objects.exclude(state__in=PhoneCall.OVER)
    calls.filter(state=State.PLACING, state_at__lt=now - INTERRUPTED).update(
        state=State.UNKNOWN, state_at=now - LOOKED_UP[0]
    )
    due = calls.filter(state=State.ASKED, state_at__lt=now - LOOKED_UP[0])
    for pk in due.exclude(next_attempt_at__gt=now).values_list("pk", flat=True):
        ring("place_call", pk)
    unknown = calls.filter(state=State.UNKNOWN, state_at__lt=now - LOOKED_UP[0])
    for pk in unknown.values_list("pk", flat=True):
        ring("look_up_call", pk)
    silent = calls.filter(state__in=PhoneCall.PLACED, state_at__lt=now - SILENT)
    for pk in silent.values_list("pk", flat=True):
        ring("follow_call", pk)
    return due.count() + unknown.count() + silent.count()
