"""Going live: what has to be there before the AI answers real customers, and the switch itself.

Nothing is remembered of it but what the rows say: a channel that works, what is known, and the
table by which the AI answers there.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from agents.guardrails import releasing
from agents.guardrails.autonomy import Matrix, rows_of
from agents.models import AutonomyPolicy, ChatTurn, OwnIntent, Run
from agents.schemas import Intent
from agents.services.autonomy import change_policy, matrix_of, policy_in_force
from channels_app.models import ChannelConnection, Message, OpenFinding, channel_kinds
from knowledge.models import CuratedAnswer, Document
from tenants.audit.services import record
from tenants.samples.services import samples
from tenants.workspace.services import change_profile, profile

OURS = (Intent.SALES, Intent.SUPPORT, Intent.GENERAL)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to be seen to before; ``is_needed``: without it there is no going live."""

    title: str
    text: str
    url: str
    action: str
    is_met: bool
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Lane:
    """One network of the company's own accounts, and what is answered there without a person."""

    platform: str
    label: str
    is_working: bool
    topics: tuple[str, ...]


def topics() -> list[tuple[str, str]]:
    """What can be answered about: our intents, and the company's own."""
    own = OwnIntent.objects.filter(is_active=True).values_list("key", "name")
    return [*((str(intent), str(intent)) for intent in OURS), *own]


def lanes() -> list[Lane]:
    """Every network with an account of the company's own."""
    working = _working()
    matrix, known = matrix_of(profile()), [key for key, _name in topics()]
    labels = dict(channel_kinds())
    return [
        Lane(
            platform,
            labels.get(platform, platform),
            platform in working,
            tuple(releasing.answered_topics(matrix, platform, known)),
        )
        for platform in _platforms()
    ]


def is_live() -> bool:
    """Whether the AI answers customers on a channel that works, and somebody wanted it so: they
    decided what it may do, or it has answered somebody already."""
    ours = profile()
    if not ours.ai_enabled or not any(lane.is_working and lane.topics for lane in lanes()):
        return False
    answered = Message.objects.filter(
        author=Message.Author.AI, direction=Message.Direction.OUT, connection__is_sandbox=False
    )
    return bool(ours.autonomy_policy) or answered.exists()


def preflight() -> list[Check]:
    """What is there and what is missing, the needed first."""
    platforms, working = _platforms(), _working()
    knows = (
        Document.objects.filter(status=Document.Status.READY, is_sample=False).exists()
        or CuratedAnswer.objects.exists()
    )
    thought = Run.objects.filter(status=Run.Status.DONE, conversation__connection__is_sample=False)
    return [
        Check(
            _("A channel of your own"),
            _("Connect a page, a number, a mailbox or your website's chat. A sandbox is none."),
            reverse("channels_app:channels"),
            _("Connect"),
            bool(platforms),
        ),
        Check(
            _("The doctor found it working"),
            _("Open the channel, let the doctor look, and do what it says."),
            reverse("channels_app:channels"),
            _("See the channels"),
            bool(working),
        ),
        Check(
            _("Something to answer from"),
            _("Upload a price list, paste a text, or write one answer yourself."),
            reverse("knowledge:documents"),
            _("Add knowledge"),
            knows,
        ),
        Check(
            _("A question tried out"),
            _("Ask what your customers ask most, and read the answer with its sources."),
            reverse("agents:ask"),
            _("Ask"),
            ChatTurn.objects.exists() or thought.exists(),
            is_needed=False,
        ),
        Check(
            _("Who you are, in your own words"),
            _("A few sentences about the company; the AI leans on them in every answer."),
            reverse("workspace:settings"),
            _("Write them"),
            bool(profile().about.strip()),
            is_needed=False,
        ),
        Check(
            _("No sample data left"),
            _("No customer is answered from it. It only stands in your colleagues' way."),
            reverse("samples:page"),
            _("Remove it"),
            samples() is None,
            is_needed=False,
        ),
    ]


@transaction.atomic
def go_live(*, platforms: Collection[str], about: Collection[str], actor: str) -> AutonomyPolicy:
    """Let the AI answer about these topics on these networks; it drafts for people elsewhere.

    Raises ValidationError where something that is needed is missing.
    """
    missing = [check.title for check in preflight() if check.is_needed and not check.is_met]
    if missing:
        raise ValidationError(_("Still missing: %(what)s.") % {"what": ", ".join(missing)})
    if not platforms or not about:
        raise ValidationError(_("Choose at least one channel and one topic."))
    if not profile().ai_enabled:
        change_profile(actor=actor, ai_enabled=True)
    made = _change(platforms, about, actor, note=_("Live"))
    record(action="company.went_live", subject=f"autonomy:{made.pk}", actor=actor)
    return made


@transaction.atomic
def hold_back(*, actor: str) -> AutonomyPolicy:
    """Everything becomes a draft again; conversations go on, and nothing leaves by itself."""
    made = _change((), (), actor, note=_("Held back"))
    record(action="company.held_back", subject=f"autonomy:{made.pk}", actor=actor)
    return made


def _change(
    platforms: Collection[str], about: Collection[str], actor: str, *, note: str
) -> AutonomyPolicy:
    current = policy_in_force()
    rows = releasing.released(
        current.matrix,
        channels=_platforms(),
        topics=[key for key, _name in topics()],
        free_channels=platforms,
        free_topics=about,
    )
    return change_policy(
        rows=rows_of(Matrix(rows)),
        delay_seconds=current.delay_seconds,
        expires_hours=current.expires_hours,
        actor=actor,
        note=note,
    )


def _platforms() -> list[str]:
    real = ChannelConnection.objects.filter(is_active=True, is_sandbox=False)
    return sorted(set(real.values_list("platform", flat=True)))


def _working() -> set[str]:
    """Networks with an account that the doctor saw and found nothing bad of."""
    sick = OpenFinding.objects.filter(severity="bad").values("connection")
    found = ChannelConnection.objects.filter(
        is_active=True,
        is_sandbox=False,
        health=ChannelConnection.Health.OK,
        checked_at__isnull=False,
    ).exclude(pk__in=sick)
    return set(found.values_list("platform", flat=True))
