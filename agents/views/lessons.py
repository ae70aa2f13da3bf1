"""What people wrote instead of the AI, for admins to decide on."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.forms import LessonForm
from agents.models import Lesson
from agents.offline.difference import difference
from agents.services import lessons as services
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.paging import newest_first

DECIDE = "agents.change_lesson"
PAGE = 30
DEEDS: dict[str, Callable[..., Lesson]] = {
    "example": services.accept_as_example,
    "answer": services.accept_as_answer,
}


@needs("agents.view_lesson")
@require_GET
def lessons(request: AuthenticatedRequest) -> HttpResponse:
    """Proposals first; another state by its tab."""
    state = request.GET.get("state", Lesson.State.PROPOSED)
    state = state if state in Lesson.State.values else Lesson.State.PROPOSED
    rows = Lesson.objects.filter(state=state)
    page = newest_first(rows, cursor=request.GET.get("after", ""), size=PAGE)
    return render(
        request,
        "agents/lessons.html",
        {
            "title": _("Lessons"),
            "state": state,
            "states": [
                (Lesson.State.PROPOSED, _("Proposed")),
                (Lesson.State.EXAMPLE, _("Examples of style")),
                (Lesson.State.ANSWER, _("Answers")),
                (Lesson.State.DISMISSED, _("Dismissed")),
            ],
            "rows": [(row, difference(row.ai_answer, row.answer)) for row in page.rows],
            "next": page.next,
        },
    )


@needs(DECIDE)
@require_POST
def decide(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Learn from it, as an example or as an answer, or do not."""
    lesson = get_object_or_404(Lesson, pk=pk)
    form = LessonForm(request.POST)
    actor = f"user:{request.user.pk}"
    if not form.is_valid():
        messages.error(request, _("Choose what is to be learnt from it."))
        return redirect("agents:lessons")
    given = form.cleaned_data
    try:
        if given["deed"] in DEEDS:
            DEEDS[given["deed"]](
                lesson=lesson, actor=actor, question=given["question"], answer=given["answer"]
            )
        else:
            services.dismiss(lesson=lesson, actor=actor)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Done."))
    return redirect("agents:lessons")
