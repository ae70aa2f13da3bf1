"""Trials of drafts: begun, watched, read."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.models import AgentVersion, Replay, ReplayTurn
from agents.services import replays
from agents.services.versions import VersionRefused
from agents.views.versions import refused
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest


@needs("agents.add_replay")
@require_POST
def start(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """Try a draft on old questions."""
    version = get_object_or_404(AgentVersion, number=number)
    try:
        begun = replays.start_replay(version=version, actor=request.user.actor)
    except VersionRefused as error:
        messages.error(request, refused(error))
        return redirect("agents:version", number)
    return redirect("agents:replay", begun.pk)


@needs("agents.view_replay")
@require_GET
def replay(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What a trial found, turn by turn, the failing ones first; it moves on while it runs."""
    shown = get_object_or_404(Replay.objects.select_related("version"), pk=pk)
    turns = list(shown.turns.order_by("-is_failing", "position"))
    done = sum(turn.state != ReplayTurn.State.WAITING for turn in turns)
    return render(
        request,
        "agents/replay.html",
        {
            "title": _("Trial of version %(number)d") % {"number": shown.version.number},
            "replay": shown,
            "turns": turns,
            "models": shown.models or replays.models_of(turns),
            "done": done,
            "share": round(100 * done / len(turns)) if turns else 0,
            "failing": sum(turn.is_failing for turn in turns),
        },
    )


@needs("agents.change_replay")
@require_POST
def stop(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """End a trial before its time."""
    shown = get_object_or_404(Replay, pk=pk)
    replays.stop_replay(replay=shown, actor=request.user.actor)
    messages.success(request, _("The trial is stopped."))
    return redirect("agents:replay", pk)
