"""Agent runs with every step, and a place to try the agent out."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from agents.forms import AskForm
from agents.models import Run
from agents.services import ChatAnswer, answer_question
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.paging import newest_first
from tenants.workspace.services import profile

PAGE = 50


@needs("agents.view_run")
@require_GET
def runs(request: AuthenticatedRequest) -> HttpResponse:
    """What the agent thought lately, and what came of it."""
    rows = Run.objects.select_related("conversation__contact", "conversation__connection")
    outcome = request.GET.get("outcome", "")
    if outcome in Run.Outcome.values:
        rows = rows.filter(outcome=outcome)
    elif outcome == "trouble":
        rows = rows.filter(Q(status=Run.Status.FAILED) | ~Q(warnings=[]))
    cursor = request.GET.get("after", "")
    page = newest_first(rows.defer("draft", "sources"), cursor=cursor, size=PAGE)
    return render(
        request,
        "agents/runs.html",
        {
            "title": _("Agent runs"),
            "runs": page.rows,
            "next": page.next,
            "outcome": outcome,
            "outcomes": [*Run.Outcome.choices, ("trouble", _("With warnings"))],
        },
    )


@needs("agents.view_run")
@require_GET
def run(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One run: its steps, its model calls, what it cost and how long it took."""
    shown = get_object_or_404(
        Run.objects.select_related(
            "conversation__contact", "conversation__connection", "last_message"
        ).prefetch_related("steps", "model_calls"),
        pk=pk,
    )
    spent = shown.finished_at - shown.started_at if shown.finished_at and shown.started_at else None
    calls = sorted(shown.model_calls.all(), key=lambda call: call.pk)
    return render(
        request,
        "agents/run.html",
        {
            "title": _("Run %(number)d") % {"number": shown.pk},
            "run": shown,
            "seconds": spent.total_seconds() if spent else None,
            "calls": calls,
            "tokens": sum(call.input_tokens + call.output_tokens for call in calls),
        },
    )


@needs("agents.view_run", change="agents.add_run")
@require_http_methods(["GET", "POST"])
def ask(request: AuthenticatedRequest) -> HttpResponse:
    """Ask as a customer would; nothing is sent and nobody becomes a lead."""
    form = AskForm(request.POST or None)
    answer: ChatAnswer | None = None
    if request.method == "POST" and form.is_valid():
        answer = answer_question(question=form.cleaned_data["question"], samples=True)
    return render(
        request,
        "agents/ask.html",
        {
            "title": _("Ask a test question"),
            "form": form,
            "answer": answer,
            "gate": profile().confidence_gate,
        },
        status=422 if form.errors else 200,
    )
