"""The analytics page, and its figures as a table."""

import csv

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User
from tenants.charts import Pair, bar_chart
from tenants.figures.forms import PeriodForm
from tenants.figures.reading import Measures, Report, report, single_figures

CHOICES = (7, 30, 90)
MARKS = 7  # dates that fit under the bars


@needs("figures.view_figure")
@require_GET
def analytics(request: AuthenticatedRequest) -> HttpResponse:
    """The period at a glance, by day, by channel and by person."""
    form = PeriodForm(request.GET or None)
    period = PeriodForm(request.GET).period
    by_day = report(period)
    return render(
        request,
        "figures/analytics.html",
        {
            "title": _("Analytics"),
            "form": form if request.GET else PeriodForm(initial=_dates(by_day)),
            "report": by_day,
            "totals": by_day.totals,
            "choices": CHOICES,
            "length": len(period.days),
            "volume": _volume(by_day),
            "funnel": _funnel(by_day.totals),
            "channels": _networks(report(period, by="channel"), request.user),
            "people": _people(report(period, by="agent")),
            "crms": _crms(report(period, by="crm"), request.user),
        },
        status=422 if form.errors else 200,
    )


@needs("figures.view_figure")
@require_GET
def table(request: AuthenticatedRequest) -> HttpResponse:
    """Every single figure of the period, as CSV."""
    period = PeriodForm(request.GET).period
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"figures-{period.since}-{period.until}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(answer)
    writer.writerow(["day", "kind", "channel", "agent", "n", "total"])
    writer.writerows(single_figures(period))
    return answer


def _dates(shown: Report) -> dict[str, object]:
    return {"since": shown.period.since, "until": shown.period.until}


def _volume(shown: Report) -> dict[str, object]:
    days = shown.period.days
    every = max(len(days) // MARKS, 1)
    pairs = [
        Pair(
            date_format(day, "j M"),
            measures.messages_in,
            measures.messages_out,
            date_format(day, "j M") if index % every == 0 else " ",
        )
        for index, (day, (_key, measures)) in enumerate(zip(days, shown.parts, strict=True))
    ]
    return bar_chart(
        title=_("Messages a day"), first_label=_("Incoming"), second_label=_("Sent"), pairs=pairs
    )


def _funnel(totals: Measures) -> list[tuple[str, int, float | None]]:
    """Each step with its share of the step before it all."""
    steps = [
        (_("Conversations"), totals.conversations),
        (_("Leads"), totals.leads),
        (_("Hot leads"), totals.leads_hot),
        (_("Won"), totals.leads_won),
    ]
    most = max(number for _label, number in steps)
    return [(label, number, 100 * number / most if most else None) for label, number in steps]


def _networks(shown: Report, person: User) -> list[tuple[str, Measures]]:
    return _named("networks", shown, person)


def _crms(shown: Report, person: User) -> list[tuple[str, Measures]]:
    return _named("crms", shown, person)


def _named(place: str, shown: Report, person: User) -> list[tuple[str, Measures]]:
    names: dict[str, str] = {}
    for found in cards.gather(place, person):
        names.update(found)
    return [(names.get(key, key), measures) for key, measures in shown.parts]


def _people(shown: Report) -> list[tuple[str, Measures]]:
    """Names instead of ids; who has gone keeps the id."""
    names = {f"user:{user.pk}": str(user) for user in User.objects.all()}
    names |= {"ai": _("AI"), "echo": _("The network's own app"), "system": _("Automatic")}
    busy = [(key, measures) for key, measures in shown.parts if measures.messages_out]
    return [(names.get(key, key), measures) for key, measures in busy]
