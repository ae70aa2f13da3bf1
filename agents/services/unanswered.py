"""Telling the knowledge what was asked in vain.

Looked for among the newest rows, once a minute: nothing of it is in the way of a reply, and a
crash costs a minute. What is noted is without personal data.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from agents.models import ChatTurn, ReplyDraft, Run
from agents.offline.asking import questions_in
from agents.offline.personal import without_personal
from agents.services.asked import words_of
from channels_app.models import Message
from knowledge.services import THRESHOLD, known_origins, record_gap, search

WINDOW = 2_000  # newest rows that are looked through
MOST = 200  # questions noted at a time
REFUSED, UNSURE, CORRECTED = "refused", "unsure", "corrected"
CAUSES = {"not_grounded": REFUSED, "unsafe_reply": UNSURE}
# A correction this small is a matter of taste.
CHANGED = 0.15


@dataclass(frozen=True, slots=True)
class _Asked:
    origin: str
    text: str
    language: str
    channel: str
    cause: str
    at: datetime | None


def gather_gaps() -> int:
    """Note what was refused, unsure or corrected and is not noted yet; says how much."""
    count = 0
    for find in (_runs, _turns, _drafts):
        for asked in find():
            record_gap(
                origin=asked.origin,
                text=_worth_knowing(asked),
                language=asked.language,
                channel=asked.channel,
                cause=asked.cause,
                asked_at=asked.at,
            )
            count += 1
    return count


def answers_of_people(origins: Iterable[str]) -> list[str]:
    """What a person wrote next in the conversations of these runs, without personal data."""
    keys = [int(name[4:]) for name in origins if name.startswith("run:")]
    found = []
    for run in Run.objects.filter(pk__in=keys).only("conversation_id", "last_message_id"):
        reply = (
            Message.objects.filter(
                conversation=run.conversation_id,
                direction=Message.Direction.OUT,
                author=Message.Author.HUMAN,
                deleted_at=None,
                pk__gt=run.last_message_id or 0,
            )
            .order_by("pk")
            .first()
        )
        if reply and reply.text.strip():
            found.append(without_personal(reply.text.strip()))
    return found


def _worth_knowing(asked: _Asked) -> str:
    """Of several questions those that the knowledge does not answer; without personal data."""
    questions = questions_in(asked.text)
    if len(questions) > 1 and asked.cause == REFUSED:
        open_ones = [
            one
            for one in questions
            if not search(question=one.text, language=asked.language).is_grounded(THRESHOLD)
        ]
        questions = open_ones or questions
    return without_personal(" ".join(one.text for one in questions))


def _runs() -> Iterator[_Asked]:
    rows = _newest(Run).filter(status=Run.Status.DONE, outcome_reason__in=CAUSES)
    runs = rows.select_related("conversation__connection").defer("draft", "sources")
    for run in _unknown("run", runs):
        yield _of_run(run, f"run:{run.pk}", CAUSES[run.outcome_reason], run.finished_at)


def _turns() -> Iterator[_Asked]:
    for turn in _unknown("chat", _newest(ChatTurn).filter(refused=True)):
        yield _Asked(
            f"chat:{turn.pk}", turn.question, turn.language, "api", REFUSED, turn.created_at
        )


def _drafts() -> Iterator[_Asked]:
    decided = _newest(ReplyDraft).filter(
        state__in=[ReplyDraft.State.SENT, ReplyDraft.State.REJECTED], decided_by__isnull=False
    )
    for draft in _unknown("draft", decided.select_related("run__conversation__connection")):
        is_rejected = draft.state == ReplyDraft.State.REJECTED
        if is_rejected or _differs(draft.text, draft.edited_text):
            yield _of_run(draft.run, f"draft:{draft.pk}", CORRECTED, draft.decided_at)


def _newest(model: Any) -> Any:
    last = model.objects.aggregate(last=Max("pk"))["last"] or 0
    return model.objects.filter(pk__gt=last - WINDOW)


def _unknown(word: str, rows: Any) -> list[Any]:
    found = list(rows.order_by("-pk")[:MOST])
    known = known_origins(f"{word}:{row.pk}" for row in found)
    return [row for row in reversed(found) if f"{word}:{row.pk}" not in known]


def _differs(ours: str, theirs: str) -> bool:
    before, after = set(ours.split()), set(theirs.split())
    return bool(theirs) and len(before ^ after) > CHANGED * max(len(before | after), 1)


def _of_run(run: Run, origin: str, cause: str, at: datetime | None) -> _Asked:
    return _Asked(
        origin,
        words_of(run),
        run.language,
        run.conversation.connection.platform,
        cause,
        at,
    )
