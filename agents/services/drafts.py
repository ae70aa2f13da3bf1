"""Replies that are not sent yet: kept, approved, edited, rejected, undone, overtaken.

Each ends once, by one UPDATE that asks for the state it leaves: of two people, or of a person
and the clock, one is first and the other is told. Sending is fenced as the AI's own: over a newer
word or a person's hand nothing leaves, whoever approves it. The conversation is always locked
before the draft.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import announcements, notices
from agents.guardrails.autonomy import Act, Ruling
from agents.models import ReplyDraft, ReplyDraftQuerySet, Run
from agents.services import lessons, ringing
from agents.services.disclosures import record_telling, telling_due
from channels_app import outbox
from channels_app import services as channels
from channels_app.models import Conversation, Message
from tenants import live
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.workspace.services import profile

State = ReplyDraft.State
SEE = "agents.view_replydraft"
AT_ONCE = 500
CLOCK = timedelta(seconds=1)  # two machines' clocks may differ by so much


class DraftRefused(Exception):
    """What was asked of a draft cannot be done (any more); ``text`` is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def keep(*, run: Run, text: str, ruling: Ruling, expires_hours: int) -> ReplyDraft:
    """Store a reply that waits, in the transaction in which its run ends.

    Raises StaleTurn where the conversation has moved on. An earlier draft ends with it.
    """
    conversation, now = run.conversation, timezone.now()
    channels.await_approval(conversation=conversation, seen_turn=run.turn_version)
    _end_all(ReplyDraft.objects.filter(conversation=conversation), State.STALE)
    is_delayed = ruling.act is Act.DELAY
    draft = ReplyDraft.objects.create(
        conversation=conversation,
        run=run,
        state=State.SCHEDULED if is_delayed else State.WAITING,
        turn_version=run.turn_version,
        text=text,
        sources=run.sources,
        reasons=list(ruling.reasons),
        level=ruling.level,
        language=run.language,
        send_at=now + timedelta(seconds=ruling.seconds) if is_delayed else None,
        expires_at=now + timedelta(hours=expires_hours),
    )
    if is_delayed:
        ringing.ring_draft(draft.pk, delay_seconds=ruling.seconds)
    _tell(draft)
    announcements.draft_waiting(draft)
    if not is_delayed:
        notices.draft_waits(draft)
    return draft


def approve(
    *, draft: ReplyDraft, user: User | None = None, actor: str = "", text: str = ""
) -> ReplyDraft:
    """Send it, perhaps in other words; those are kept even where it cannot be sent.

    Raises DraftRefused: somebody was first, the conversation has moved on, the network says no.
    """
    if text.strip() and text.strip() != draft.words:
        rewrite(draft=draft, text=text)
    return _send(draft, user=user, actor=actor, leaving=ReplyDraft.OPEN)


def rewrite(*, draft: ReplyDraft, text: str) -> ReplyDraft:
    """Keep a person's words for it; nothing is sent, and its clock is stopped."""
    words = text.strip()
    if not words:
        raise DraftRefused("empty", _("Write something first."))
    edited = "" if words == draft.text else words
    changed = (
        ReplyDraft.objects.open()
        .filter(pk=draft.pk)
        .update(edited_text=edited, state=State.WAITING, send_at=None)
    )
    if not changed:
        raise _too_late(draft)
    draft.edited_text, draft.state, draft.send_at = edited, State.WAITING, None
    return draft


@transaction.atomic
def reject(
    *, draft: ReplyDraft, reason: str, user: User | None = None, actor: str = ""
) -> ReplyDraft:
    """It is not sent. Somebody has to answer, so the person who rejects it leads from here on."""
    if draft.is_overtaken:
        raise _overtaken()
    channels.take_over(
        conversation=draft.conversation, user=user, reason="draft_rejected", actor=actor
    )
    _leave(draft, State.REJECTED, user=user, rejection=reason.strip()[:300])
    _record(draft, "draft.rejected", user, actor)
    return draft


@transaction.atomic
def undo(*, draft: ReplyDraft, user: User | None = None, actor: str = "") -> ReplyDraft:
    """Stop its clock: it waits for approval now."""
    _leave(draft, State.WAITING, leaving=(State.SCHEDULED,), send_at=None)
    _record(draft, "draft.held_back", user, actor)
    return draft


def send_due(*, draft_id: int) -> bool:
    """Send a scheduled one whose time has come; harmless for any other."""
    draft = (
        ReplyDraft.objects.select_related("conversation__connection", "conversation__contact")
        .filter(pk=draft_id, state=State.SCHEDULED, send_at__lte=timezone.now() + CLOCK)
        .first()
    )
    if draft is None:
        return False
    try:
        _send(draft, user=None, actor="ai", leaving=(State.SCHEDULED,))
    except DraftRefused as refused:
        if refused.code.startswith("send_refused"):
            _fetch_person(draft, refused.code, State.STALE)
        return False
    return True


def overtake(*, conversation: Conversation) -> int:
    """A newer word is there: what waited for the one before is out of date."""
    ended = _end_all(ReplyDraft.objects.filter(conversation=conversation), State.STALE)
    channels.end_approval(conversation=conversation)
    if ended:
        live.publish("draft", permission=SEE, conversation=conversation.pk, state=State.STALE)
    return ended


def sweep() -> dict[str, int]:
    """End what was overtaken, send what is due, and fetch a person for what nobody looked at."""
    now = timezone.now()
    stale = _end_all(ReplyDraft.objects.overtaken(), State.STALE)
    due = list(
        ReplyDraft.objects.filter(state=State.SCHEDULED, send_at__lte=now)
        .order_by("send_at")
        .values_list("pk", flat=True)[:AT_ONCE]
    )
    for draft_id in due:
        ringing.ring_draft(draft_id)
    old = (
        ReplyDraft.objects.filter(state=State.WAITING, expires_at__lte=now)
        .select_related("conversation")
        .order_by("expires_at")[:AT_ONCE]
    )
    expired = sum(_fetch_person(draft, "draft_expired", State.EXPIRED) for draft in old)
    return {"drafts_stale": stale, "drafts_due": len(due), "drafts_expired": expired}


def _send(
    draft: ReplyDraft, *, user: User | None, actor: str, leaving: tuple[State, ...]
) -> ReplyDraft:
    try:
        with transaction.atomic():
            telling = telling_due(
                conversation=draft.conversation, ours=profile(), language=draft.language
            )
            message = outbox.post_message(
                conversation=draft.conversation,
                text=telling.before(draft.words) if telling else draft.words,
                author=Message.Author.AI,
                user=user,
                run_id=draft.run_id,
                seen_turn=draft.turn_version,
            )
            if telling:
                record_telling(telling=telling, message=message)
            _leave(draft, State.SENT, user=user, leaving=leaving, message_id=message.pk)
            channels.end_approval(conversation=draft.conversation)
            edited = bool(draft.edited_text)
            if edited:
                lessons.note_edit(draft=draft)
            _record(draft, "draft.sent_edited" if edited else "draft.sent", user, actor)
    except outbox.StaleTurn as error:
        _end_all(ReplyDraft.objects.filter(pk=draft.pk), State.STALE)
        _tell(draft)
        raise _overtaken() from error
    except outbox.SendRefused as error:
        raise DraftRefused(f"send_refused:{error.code}", error.text) from error
    return draft


def _leave(
    draft: ReplyDraft,
    state: State,
    *,
    user: User | None = None,
    leaving: tuple[State, ...] = ReplyDraft.OPEN,
    **more: object,
) -> None:
    """Change its state, if it is still one of ``leaving``; else say who was first."""
    changes = {"state": state, "decided_by": user, "decided_at": timezone.now(), **more}
    changed = ReplyDraft.objects.filter(pk=draft.pk, state__in=leaving).update(**changes)
    if not changed:
        raise _too_late(draft)
    for name, value in changes.items():
        setattr(draft, name, value)
    _tell(draft)


def _end_all(drafts: ReplyDraftQuerySet, state: State) -> int:
    """Nobody decided these: the world did."""
    return drafts.open().update(state=state, decided_at=timezone.now())


def _fetch_person(draft: ReplyDraft, reason: str, state: State) -> bool:
    """It will not be sent and somebody waits: a person is fetched, fenced as the AI's own word."""
    try:
        with transaction.atomic():
            channels.hand_over(
                conversation=draft.conversation,
                reason=reason,
                seen_turn=draft.turn_version,
                run_id=draft.run_id,
            )
            ended = _end_all(ReplyDraft.objects.filter(pk=draft.pk), state)
    except outbox.StaleTurn:
        ended = _end_all(ReplyDraft.objects.filter(pk=draft.pk), State.STALE)
    if ended:
        draft.state = state
        _tell(draft)
    return bool(ended)


def _tell(draft: ReplyDraft) -> None:
    live.publish(
        "draft",
        permission=SEE,
        conversation=draft.conversation_id,
        draft=draft.pk,
        state=draft.state,
    )


def _record(draft: ReplyDraft, action: str, user: User | None, actor: str) -> None:
    record(
        action=action,
        subject=f"draft:{draft.pk}",
        actor=actor or (f"user:{user.pk}" if user else "system"),
        details={"conversation": draft.conversation_id, "run": draft.run_id},
    )


def _too_late(draft: ReplyDraft) -> DraftRefused:
    """Somebody decided before, or the clock did."""
    now = ReplyDraft.objects.select_related("decided_by").filter(pk=draft.pk).first()
    if now is None or now.state == State.STALE:
        return _overtaken()
    if now.state == State.WAITING:
        return DraftRefused("not_scheduled", _("Its clock was stopped already."))
    told = {
        State.SENT: _("This reply was sent already."),
        State.REJECTED: _("This reply was rejected already."),
        State.EXPIRED: _("This draft has expired; a person answers now."),
    }.get(State(now.state), _("Somebody is at it already."))
    who = f" ({now.decided_by})" if now.decided_by else ""
    return DraftRefused(f"already_{now.state}", f"{told}{who}")


def _overtaken() -> DraftRefused:
    return DraftRefused(
        "overtaken",
        _("The conversation has moved on: they wrote again, or a colleague took it over."),
    )
