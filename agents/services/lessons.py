"""What people wrote instead of the AI becomes a proposal; admins decide what is learnt.

Edited drafts are noted when they are sent. What a person wrote after an answer of the AI is looked
for among the newest messages, once a minute: nothing of it is in the way of a reply. Whatever is
noted is without personal data.
"""

import secrets
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import Lesson, ReplyDraft, Run
from agents.offline.difference import share_changed
from agents.offline.personal import without_personal
from agents.prompts import StyleExample
from channels_app.models import Message
from knowledge.services import add_curated_answer
from tenants import context
from tenants.audit.services import record
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile, profile

State = Lesson.State
Cause = Lesson.Cause
ANSWERED = (Run.Outcome.SENT, Run.Outcome.DRAFTED)
WINDOW = 2_000  # newest messages that are looked through
MOST = 100  # noted at a time
# Less than this is a matter of taste, more than this is another answer, not a correction.
LEAST_CHANGE = 0.05
LONGEST_QUESTION, LONGEST_ANSWER = 300, 2_000
EXAMPLES = 3  # that a prompt is shown
KNOWN_EXAMPLES = 60


def note_edit(*, draft: ReplyDraft) -> Lesson | None:
    """A draft was sent in a person's words: propose to learn from them."""
    if not draft.edited_text:
        return None
    asked = draft.run.last_message
    return _note(
        origin=f"draft:{draft.pk}",
        cause=Cause.EDITED,
        run=draft.run,
        question=asked.text if asked else "",
        ai_answer=draft.text,
        answer=draft.edited_text,
    )


def note_corrections() -> int:
    """Propose what people wrote right after an answer of the AI; says how much is new."""
    newest = Message.objects.aggregate(pk=Max("pk"))["pk"] or 0
    before = (
        Message.objects.filter(
            conversation=OuterRef("conversation"), provider_time__lte=OuterRef("provider_time")
        )
        .exclude(pk=OuterRef("pk"))
        .exclude(direction=Message.Direction.NOTE)
        .order_by("-provider_time", "-sequence", "-pk")
    )
    said = (
        Message.objects.filter(
            pk__gt=newest - WINDOW,
            author=Message.Author.HUMAN,
            direction=Message.Direction.OUT,
            deleted_at=None,
        )
        .annotate(
            before=Subquery(before.values("pk")[:1]), by=Subquery(before.values("author")[:1])
        )
        .filter(by=Message.Author.AI)
        .order_by("-pk")[:MOST]
    )
    found = {f"message:{message.pk}": message for message in said}
    known = set(Lesson.objects.filter(origin__in=found).values_list("origin", flat=True))
    fresh = {origin: message for origin, message in found.items() if origin not in known}
    answers = Message.objects.in_bulk([message.before for message in fresh.values()])
    runs = Run.objects.select_related("last_message").in_bulk(
        [answer.run_id for answer in answers.values() if answer.run_id]
    )
    return sum(
        _note_correction(origin, message, answers.get(message.before), runs) is not None
        for origin, message in fresh.items()
    )


def _note_correction(
    origin: str, message: Message, before: Message | None, runs: dict[int, Run]
) -> Lesson | None:
    run = runs.get(before.run_id) if before is not None and before.run_id else None
    # What the AI said while it fetched a person was no answer that could be wrong.
    if before is None or run is None or run.outcome not in ANSWERED:
        return None
    return _note(
        origin=origin,
        cause=Cause.CORRECTED,
        run=run,
        question=run.last_message.text if run.last_message else "",
        ai_answer=before.text,
        answer=message.text,
    )


def _note(
    *, origin: str, cause: Cause, run: Run, question: str, ai_answer: str, answer: str
) -> Lesson | None:
    changed = share_changed(ai_answer, answer)
    ours = "\n".join([profile().about, *_cited(run)])
    if not question.strip() or not answer.strip() or changed < LEAST_CHANGE:
        return None
    made, is_new = Lesson.objects.get_or_create(
        origin=origin,
        defaults={
            "cause": cause,
            "question": without_personal(question, known=ours)[:LONGEST_QUESTION],
            "ai_answer": without_personal(ai_answer, known=ours)[:LONGEST_ANSWER],
            "answer": without_personal(answer, known=ours)[:LONGEST_ANSWER],
            "language": run.language,
            "intent": run.own_intent or run.intent,
            "changed": round(changed, 3),
        },
    )
    return made if is_new else None


def _cited(run: Run) -> list[str]:
    return [f"{source.get('title', '')} {source.get('quote', '')}" for source in run.sources]


@transaction.atomic
def accept_as_example(
    *, lesson: Lesson, actor: str, question: str = "", answer: str = ""
) -> Lesson:
    """Show the prompts how this company writes; its facts are never taken from it."""
    _decide(lesson, State.EXAMPLE, actor, question=question, answer=answer)
    change_profile(actor=actor, style_examples=_fresh_word())
    _record(lesson, "lesson.example", actor)
    return lesson


@transaction.atomic
def accept_as_answer(*, lesson: Lesson, actor: str, question: str = "", answer: str = "") -> Lesson:
    """Give these words from now on to whoever asks the like; raises ValidationError."""
    _decide(lesson, State.ANSWER, actor, question=question, answer=answer)
    made = add_curated_answer(
        questions=[lesson.question],
        answers={lesson.language or "en": lesson.answer},
        actor=actor,
    )
    Lesson.objects.filter(pk=lesson.pk).update(curated_id=made.pk)
    lesson.curated_id = made.pk
    _record(lesson, "lesson.answer", actor)
    return lesson


@transaction.atomic
def dismiss(*, lesson: Lesson, actor: str) -> Lesson:
    """Nothing is learnt from it; an example taken from it is shown no more."""
    was_example = lesson.state == State.EXAMPLE
    leaving = (State.PROPOSED, State.EXAMPLE)
    _decide(lesson, State.DISMISSED, actor, leaving=leaving)
    if was_example:
        change_profile(actor=actor, style_examples=_fresh_word())
    _record(lesson, "lesson.dismissed", actor)
    return lesson


def examples_for(ours: Profile, *, language: str) -> tuple[StyleExample, ...]:
    """How people of this company write, in this language first; nothing where nothing was taken."""
    if not ours.style_examples:
        return ()
    known = _examples(context.schema(), ours.style_examples)
    return tuple(sorted(known, key=lambda one: one.language != language)[:EXAMPLES])


@lru_cache(maxsize=500)
def _examples(schema: str, revision: int) -> tuple[StyleExample, ...]:
    rows = Lesson.objects.filter(state=State.EXAMPLE).order_by("-decided_at")[:KNOWN_EXAMPLES]
    return tuple(StyleExample(row.question, row.answer, row.language) for row in rows)


def _fresh_word() -> int:
    has_some = Lesson.objects.filter(state=State.EXAMPLE).exists()
    return secrets.randbelow(2**62) + 1 if has_some else 0


def _decide(
    lesson: Lesson,
    state: State,
    actor: str,
    *,
    leaving: tuple[State, ...] = (State.PROPOSED,),
    question: str = "",
    answer: str = "",
) -> None:
    """Once: of two admins one is first. What they wrote in its place is kept, and what is in it
    of anybody's is taken out again, but for names that stood there before."""
    known = f"{lesson.question}\n{lesson.ai_answer}\n{lesson.answer}"
    changes = {
        "state": state,
        "decided_by": actor,
        "decided_at": timezone.now(),
        "question": without_personal(question.strip() or lesson.question, known=known)[
            :LONGEST_QUESTION
        ],
        "answer": without_personal(answer.strip() or lesson.answer, known=known)[:LONGEST_ANSWER],
    }
    if not Lesson.objects.filter(pk=lesson.pk, state__in=leaving).update(**changes):
        raise ValidationError(_("Somebody has decided on this already."))
    for name, value in changes.items():
        setattr(lesson, name, value)


def _record(lesson: Lesson, action: str, actor: str) -> None:
    record(action=action, subject=f"lesson:{lesson.pk}", actor=actor)
