"""What people do to several conversations at once, and undo."""

import time

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from channels_app.forms import ManyForm
from channels_app.services.bulk import MOST, do_to_many, undo_many
from channels_app.services.snoozing import moment_meant
from channels_app.views.inbox import CHANGE, UNDO, undoable
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest


@needs(CHANGE)
@require_POST
def many(request: AuthenticatedRequest) -> HttpResponse:
    form = ManyForm(request.POST)
    ids = [int(pk) for pk in request.POST.getlist("pk") if pk.isdecimal() and len(pk) < 19][:MOST]
    if not form.is_valid() or not ids:
        messages.error(request, _("Tick conversations and say what to do with them."))
        return _back(request)
    said = form.cleaned_data
    done = do_to_many(
        ids=ids,
        deed=said["deed"],
        user=request.user,
        assignee=said["assignee"],
        until=moment_meant(said["preset"]) if said["preset"] else None,
        label=said["label"],
    )
    request.session[UNDO] = {"at": time.time(), "count": done.count, **done.undo}
    return _back(request)


@needs(CHANGE)
@require_POST
def undo(request: AuthenticatedRequest) -> HttpResponse:
    """The last deed on many of this person, within a minute."""
    kept = undoable(request)
    if kept is None:
        messages.error(request, _("It is too late to undo this."))
        return _back(request)
    del request.session[UNDO]
    count = undo_many(undo=kept, user=request.user)
    said = ngettext(
        "%(count)d conversation is as it was.", "%(count)d conversations are as they were.", count
    )
    messages.success(request, said % {"count": count})
    return _back(request)


def _back(request: AuthenticatedRequest) -> HttpResponse:
    asked = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return redirect(asked if ours else reverse("channels_app:inbox"))
