"""Contacts: who they are over all networks, which two may be one, and taking that back."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels_app import services
from channels_app.models import Contact, ContactMerge, MergeSuggestion
from channels_app.services.contacts import (
    conversations_of,
    list_contacts,
    merges_of,
    standing_for,
    with_networks,
)
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User
from tenants.told import told

SEE = "channels_app.view_contact"
CHANGE = "channels_app.change_contact"
SHOWN = 5  # suggestions above the list; a contact's page shows all of its own


@needs(SEE)
@require_GET
def contacts(request: AuthenticatedRequest) -> HttpResponse:
    """Everybody who stands for themselves, and who may be somebody else on the list."""
    search = request.GET.get("q", "")[:200]
    found = list_contacts(search=search, cursor=request.GET.get("after", ""))
    suggested = services.open_suggestions()
    return render(
        request,
        "channels_app/contacts.html",
        {
            "title": _("Contacts"),
            "contacts": found.rows,
            "next": found.next,
            "search": search,
            "suggestions": list(suggested[:SHOWN]),
            "suggested": suggested.count(),
        },
    )


@needs(SEE)
@require_GET
def contact(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One person: their networks, conversations, wishes, and who else they may be."""
    shown = get_object_or_404(with_networks(Contact.objects.all()), pk=pk)
    if shown.absorbed_into_id is not None:
        return redirect("channels_app:contact", standing_for(shown).pk)
    search = request.GET.get("with", "")[:200]
    others = list_contacts(search=search).rows if search.strip() else []
    merges = list(merges_of(shown))
    return render(
        request,
        "channels_app/contact.html",
        {
            "title": str(shown),
            "contact": shown,
            "conversations": list(conversations_of(shown)[:50]),
            "opt_outs": shown.opt_outs.in_force().select_related("connection"),
            "suggestions": list(services.open_suggestions(shown)),
            "merges": merges,
            "names": {user.actor: str(user) for user in _who_merged(merges)},
            "search": search,
            "others": [other for other in others if other.pk != shown.pk],
        },
    )


def _who_merged(merges: list[ContactMerge]) -> QuerySet[User]:
    ids = [merge.actor.removeprefix("user:") for merge in merges]
    return User.objects.filter(pk__in=[each for each in ids if each.isdecimal()])


@needs(SEE, change=CHANGE)
def compare(request: AuthenticatedRequest, pk: int, other: int) -> HttpResponse:
    """Two contacts side by side; posted, the other becomes part of the first."""
    survivor = get_object_or_404(with_networks(Contact.objects.standing()), pk=pk)
    absorbed = get_object_or_404(with_networks(Contact.objects.standing()), pk=other)
    if request.method == "POST":
        try:
            services.merge(survivor=survivor, absorbed=absorbed, actor=request.user.actor)
        except services.MergeRefused as refused:
            messages.error(request, told(refused.text))
        else:
            messages.success(request, _("They are one contact now. This can be undone here."))
        return redirect("channels_app:contact", survivor.pk)
    return render(
        request,
        "channels_app/compare.html",
        {
            "title": _("Merge two contacts"),
            "survivor": survivor,
            "absorbed": absorbed,
            "pair": [
                (each, conversations_of(each).count(), each.opt_outs.in_force())
                for each in (survivor, absorbed)
            ],
            "evidence": MergeSuggestion(
                evidence=services.evidence_between(survivor, absorbed)
            ).lines,
        },
    )


@needs(SEE, change=CHANGE)
def part(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask whether a merge shall be undone; posted, do it."""
    merge = get_object_or_404(ContactMerge.objects.select_related("survivor", "absorbed"), pk=pk)
    if request.method == "POST":
        try:
            services.undo(merge=merge, actor=request.user.actor)
        except services.MergeRefused as refused:
            messages.error(request, told(refused.text))
            return redirect("channels_app:contact", merge.survivor_id)
        messages.success(request, _("They are two contacts again."))
        return redirect("channels_app:contact", merge.absorbed_id)
    return render(request, "channels_app/part.html", {"title": _("Undo the merge"), "merge": merge})


@needs(CHANGE)
@require_POST
def dismiss(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """They are two people: not asked again unless something new is proven."""
    suggestion = get_object_or_404(MergeSuggestion, pk=pk)
    services.dismiss(suggestion=suggestion, actor=request.user.actor)
    messages.success(request, _("Noted: two different people."))
    return redirect("channels_app:contact", suggestion.one_id)
