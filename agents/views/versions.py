"""Versions of prompts and settings: written, compared, tried, published, gone back to."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents import prompts
from agents.instructions import Instructions
from agents.models import AgentVersion, Experiment, Publication, Replay
from agents.services import replays, versions
from agents.services.steering import steered
from agents.services.versions import NotCleared, Unfit, VersionRefused
from agents.version_forms import PublishForm, ShareForm, VersionForm
from tenants.access import member_may, needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User
from tenants.workspace.services import profile

SHOWN = 40
SEE, CHANGE = "agents.view_agentversion", "agents.change_agentversion"


def refused(error: VersionRefused) -> str:
    """A service's refusal in the reader's words."""
    return {
        "not_a_draft": _("Only a draft can be changed, tried or published."),
        "not_published": _("It has never been published."),
        "is_live": _("It answers everybody already."),
        "experiment_running": _("Stop the running experiment first."),
        "not_running": _("The experiment is over."),
        "replay_running": _("A trial of this draft is running."),
        "nothing_to_ask": _("There is neither a past question nor a document to ask about."),
        "gate_missing": _("These words have not been tried yet."),
        "gate_running": _("The trial is not over yet."),
        "gate_regressed": _("It answers worse than before: see the failing turns."),
        "gate_unknown": _("The trial came to no result."),
    }.get(error.code, str(error))


def people_of(actors: Iterable[str]) -> dict[str, str]:
    """What the people behind ``user:…`` are called; who is no person keeps their word."""
    keys = {actor: actor.partition(":")[2] for actor in actors}
    wanted = {int(key) for key in keys.values() if key.isdecimal()}
    known = {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=wanted)}
    return {actor: known.get(actor, actor) for actor in keys}


@needs(SEE)
@require_GET
def index(request: AuthenticatedRequest) -> HttpResponse:
    """Every version, the live one first, and when what became live."""
    live = versions.live_version()
    rows = AgentVersion.objects.exclude(state=AgentVersion.State.DISCARDED)
    shown = list(rows.order_by("-number")[:SHOWN])
    publications = list(Publication.objects.all()[:10])
    actors = [*(each.author for each in shown), *(each.actor for each in publications)]
    return render(
        request,
        "agents/versions.html",
        {
            "title": _("Agent versions"),
            "live": live,
            "versions": shown,
            "publications": publications,
            "people": people_of(actors),
            "experiment": Experiment.objects.filter(status=Experiment.Status.RUNNING).first(),
        },
    )


@needs("agents.add_agentversion")
@require_POST
def create(request: AuthenticatedRequest) -> HttpResponse:
    """A new draft, with the words of the version that was asked for, else of the live one."""
    base = request.POST.get("based_on", "")
    try:
        made = versions.start_draft(
            actor=request.user.actor, based_on=int(base) if base.isdecimal() else None
        )
    except (VersionRefused, AgentVersion.DoesNotExist) as error:
        messages.error(request, str(error))
        return redirect("agents:versions")
    return redirect("agents:version", made.number)


@needs(SEE, change=CHANGE)
@require_http_methods(["GET", "POST"])
def version(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """One version: its words, what they change, what the gate says, and what can be done."""
    shown = get_object_or_404(AgentVersion, number=number)
    form = VersionForm(request.POST or None, version=shown)
    if request.method == "POST" and form.is_valid():
        try:
            versions.change_draft(
                version=shown,
                instructions=form.instructions,
                note=form.cleaned_data["note"],
                actor=request.user.actor,
            )
        except Unfit as error:
            form.take_faults(error.faults)
        except VersionRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The draft is kept."))
            return redirect("agents:version", number)
    return _page(request, shown, form)


@needs(CHANGE)
@require_POST
def discard(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """Put a draft away."""
    shown = get_object_or_404(AgentVersion, number=number)
    try:
        versions.discard_draft(version=shown, actor=request.user.actor)
    except VersionRefused as error:
        messages.error(request, refused(error))
        return redirect("agents:version", number)
    messages.success(request, _("The draft is discarded."))
    return redirect("agents:versions")


@needs(CHANGE)
@require_POST
def publish(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """Publish a draft that the gate has cleared; with a typed reason also one it has not."""
    shown = get_object_or_404(AgentVersion, number=number)
    form = PublishForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Not published: a text is too long."))
        return redirect("agents:version", number)
    is_live = request.POST.get("as") != "trial"
    try:
        versions.publish(version=shown, actor=request.user.actor, live=is_live, **form.cleaned_data)
    except NotCleared as error:
        messages.error(request, f"{_('Not published.')} {refused(error)}")
        return redirect("agents:version", number)
    except VersionRefused as error:
        messages.error(request, refused(error))
        return redirect("agents:version", number)
    if is_live:
        messages.success(request, _("Version %(number)d is live.") % {"number": number})
    else:
        messages.success(request, _("Published for an experiment. Nobody is answered by it yet."))
    return redirect("agents:version", number)


@needs(CHANGE)
@require_POST
def roll_back(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """Make an earlier version live again; 0 is the built-in text."""
    try:
        versions.roll_back(
            number=number, actor=request.user.actor, note=request.POST.get("note", "")[:300]
        )
    except VersionRefused as error:
        messages.error(request, refused(error))
    else:
        messages.success(request, _("Version %(number)d is live.") % {"number": number})
    return redirect("agents:versions")


def _page(request: AuthenticatedRequest, shown: AgentVersion, form: VersionForm) -> HttpResponse:
    against = request.GET.get("against", "")
    base = int(against) if against.isdecimal() else shown.based_on
    known = AgentVersion.objects.filter(number=base).exists()
    base = base if known else 0
    can_change = member_may(request, CHANGE)
    clearance = versions.clearance_of(shown) if shown.is_draft else None
    replay: Replay | None = clearance.replay if clearance else shown.replays.first()
    publications = list(Publication.objects.filter(number=shown.number)[:5])
    is_offered = can_change and clearance is not None and clearance.state != "running"
    return render(
        request,
        "agents/version.html",
        {
            "title": _("Version %(number)d") % {"number": shown.number},
            "version": shown,
            "form": form,
            "base": base,
            "others": AgentVersion.objects.exclude(pk=shown.pk).order_by("-number")[:SHOWN],
            "changes": versions.changes_between(base, shown.number),
            "preview": _preview(shown.instructions),
            "clearance": clearance,
            "replay": replay,
            "failing": replay.turns.filter(is_failing=True)[:5] if replay else [],
            "plan": replays.plan(version=shown) if is_offered else None,
            "publish_form": PublishForm(initial={"note": shown.note}),
            "share_form": ShareForm(),
            "publications": publications,
            "people": people_of([shown.author, *(each.actor for each in publications)]),
        },
        status=422 if form.errors else 200,
    )


def _preview(said: Instructions) -> list[tuple[str, str]]:
    """The prompts as a model would get them, with the company's own words in their places."""
    ours = steered(profile(), said)
    usual = (ours.languages or ["en"])[0]
    written: Any = prompts.reply(
        ours, [], ["…"], [], language=usual, limit=1_000, instructions=said
    )
    read = prompts.understand([], ["…"], language=usual, instructions=said)
    return [("reply", written.system), ("understand", read.system)]
