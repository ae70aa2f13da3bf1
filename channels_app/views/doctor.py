"""The channel doctor's card beside a connection."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from channels_app.findings import of_json
from channels_app.models import ChannelConnection, Checkup
from channels_app.services import ask_for_checkup, settle_overdue
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

SEE = "channels_app.view_channelconnection"
CHANGE = "channels_app.change_channelconnection"
SHOWN = 10  # looks before the last one


def doctor_context(connection: ChannelConnection) -> dict[str, object]:
    """What the card shows: the look that runs, the last one that ended, those before.

    A look that nobody takes up ends here, so that the page says why.
    """
    settle_overdue(connection=connection)
    checkups = list(connection.checkups.select_related("canary")[: SHOWN + 2])
    running = next((c for c in checkups if c.verdict == Checkup.Verdict.RUNNING), None)
    ended = [c for c in checkups if c.verdict != Checkup.Verdict.RUNNING]
    last = ended[0] if ended else None
    return {
        "running": running if running and (not last or running.pk > last.pk) else None,
        "last": last,
        "canary": getattr(last, "canary", None),
        "findings": [f for each in last.findings if (f := of_json(each))] if last else [],
        "earlier": [(c, len(c.findings)) for c in ended[1 : SHOWN + 1]],
    }


@needs(SEE, change=CHANGE)
@require_http_methods(["GET", "POST"])
def doctor(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The card by itself, for a page that waits; a POST asks for a look now."""
    connection = get_object_or_404(ChannelConnection, pk=pk)
    if request.method == "POST":
        ask_for_checkup(connection=connection, asked_by=f"user:{request.user.pk}")
    if not _is_fragment(request):
        return redirect(f"{reverse('channels_app:channel', args=[pk])}#doctor")
    told = {"connection": connection, **doctor_context(connection)}
    return render(request, "channels_app/_doctor.html", told)


def _is_fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))
