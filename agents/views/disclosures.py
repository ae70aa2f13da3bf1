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
from tenants.paging import newest_first
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
    rows = AiDisclosure.objects.select_related("conversation__contact")
    page = newest_first(rows, cursor=request.GET.get("after", ""), size=PAGE)
    return render(
        request,
        "agents/disclosures.html",
        {
            "title": _("AI disclosure"),
            "rows": page.rows,
            "next": page.next,
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
