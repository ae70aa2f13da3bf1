"""What knowledge shows on the dashboard."""

from django.urls import reverse
from django.utils.translation import gettext as _

from knowledge.models import CuratedAnswer, Document, Gap
from tenants.cards import Step, Tile, offer

SEE = "knowledge.view_document"


@offer("dashboard.steps", order=30, permission=SEE)
def step() -> list[Step]:
    return [
        Step(
            _("Add what your company knows"),
            _("Prices, opening hours, delivery: the AI answers only what stands there."),
            reverse("knowledge:documents"),
            _("Add knowledge"),
            Document.objects.filter(is_sample=False).exists() or CuratedAnswer.objects.exists(),
        )
    ]


@offer("dashboard.tiles", order=41, permission="knowledge.view_gap")
def gaps_tile() -> list[Tile]:
    wanted = Gap.objects.open().count()
    if not wanted:
        return []
    return [
        Tile(
            _("Questions without an answer"),
            str(wanted),
            _("write the most wanted one"),
            reverse("knowledge:gaps"),
        )
    ]


@offer("dashboard.tiles", order=40, permission=SEE)
def failed_tile() -> list[Tile]:
    failed = Document.objects.filter(status=Document.Status.FAILED).count()
    if not failed:
        return []
    return [
        Tile(
            _("Unreadable documents"),
            str(failed),
            _("see why, and send them again"),
            reverse("knowledge:documents"),
            "alert",
        )
    ]
