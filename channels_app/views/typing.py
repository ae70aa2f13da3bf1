"""A colleague is writing: they lead from then on, and the contact sees it where that can be."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from channels_app.models import Conversation
from channels_app.services import begin_writing
from channels_app.services.presence import begin_to_write, stop_writing
from channels_app.services.typing import show_typing
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest


@needs("channels_app.add_message")
@require_POST
def typing(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Asked every few seconds while somebody types, and once when they have stopped."""
    conversation = get_object_or_404(Conversation.objects.with_people(), pk=pk)
    is_over = request.POST.get("over") == "1"
    if is_over:
        stop_writing(conversation=conversation, user=request.user)
    else:
        begin_to_write(conversation=conversation, user=request.user)
        if request.POST.get("mode") == "note":
            return HttpResponse(status=204)  # for colleagues only: nobody leads by it
        begin_writing(conversation=conversation, user=request.user)
    show_typing(conversation=conversation, is_over=is_over)
    return HttpResponse(status=204)
