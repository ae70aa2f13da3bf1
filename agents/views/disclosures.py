"""The ledger of who was told that an AI answers."""

import csv
from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from agents.models import AiDisclosure
from agents.services.disclosures import ledger_rows
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.workspace.services import profile

PAGE = 50


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


@needs("agents.view_aidisclosure")
@require_GET
def disclosures(request: AuthenticatedRequest) -> HttpResponse:
    """The newest tellings, and the whole record as a file."""
    after = request.GET.get("after", "")
    rows = AiDisclosure.objects.select_related("conversation__contact")
    if after.isdecimal():
        rows = rows.filter(pk__lt=int(after))
    found = list(rows[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return render(
        request,
        "agents/disclosures.html",
        {
            "title": _("AI disclosure"),
            "rows": found,
            "next": found[-1].pk if more else "",
            "is_on": profile().discloses_ai,
        },
    )


@needs("agents.view_aidisclosure")
@require_GET
def export(request: AuthenticatedRequest) -> StreamingHttpResponse:
    """The whole ledger as CSV."""
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        for row in ledger_rows():
            yield writer.writerow(row)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="ai-disclosures.csv"'
    return answer
