"""Dead letters: what was given up, why, and trying it again."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.deadletters import deeds
from tenants.deadletters.boxes import LetterBox, Tally, box_of
from tenants.deadletters.forms import SPAN_CHOICES, FilterForm
from tenants.deadletters.models import ReplayOrder
from tenants.deadletters.reading import allowed, letter_of, page_of, payload_text, tallies

SEE, CHANGE = "deadletters.view_letter", "deadletters.change_letter"
ORDERS_SHOWN = 3


@needs(SEE)
@require_GET
def letters(request: AuthenticatedRequest) -> HttpResponse:
    """All that was given up, the latest first, with what it was given up for."""
    form = FilterForm(request.GET)
    chosen, wanted = form.chosen(), form.wanted()
    kind = chosen["kind"]
    page = page_of(request.user, wanted, kind=kind, cursor=request.GET.get("after", ""))
    counted = tallies(request.user, wanted, kind=kind)
    boxes = sorted(allowed(request.user), key=lambda box: box.order)
    return render(
        request,
        "deadletters/letters.html",
        {
            "title": _("Dead letters"),
            "letters": page.letters,
            "next": page.next_cursor,
            "chosen": chosen,
            "query": urlencode({name: value for name, value in chosen.items() if value}),
            "kinds": [_chip(box, kind, counted) for box in boxes],
            "reasons": _reasons(counted),
            "platforms": sorted({tally.platform for tally in counted} | _named(chosen)),
            "spans": SPAN_CHOICES,
            "total": sum(tally.count for tally in counted),
            "explained": next((box.explained for box in boxes if box.kind == kind), ""),
            "labels": {box.kind: box.label for box in boxes},
            "replayable": {box.kind for box in boxes if request.user.has_perm(box.replays)},
            "discardable": {box.kind for box in boxes if request.user.has_perm(box.discards)},
            "orders": ReplayOrder.objects.all()[:ORDERS_SHOWN],
        },
    )


def _chip(box: LetterBox, chosen: str, counted: list[Tally]) -> tuple[str, Any, int | None]:
    """A kind's name, and how many there are where that was counted."""
    if chosen != box.kind and (chosen or box.is_aside):
        return box.kind, box.label, None
    count = sum(tally.count for tally in counted if tally.kind == box.kind)
    return box.kind, box.label, count


def _named(chosen: dict[str, str]) -> set[str]:
    return {chosen["platform"]} if chosen["platform"] else set()


def _reasons(counted: list[Tally], most: int = 12) -> list[Tally]:
    """One line a kind and reason, whatever the platform; the most frequent."""
    found: dict[tuple[str, str], int] = {}
    for tally in counted:
        key = (tally.kind, tally.reason)
        found[key] = found.get(key, 0) + tally.count
    ranked = sorted(found.items(), key=lambda item: -item[1])[:most]
    return [Tally(kind, reason, "", count) for (kind, reason), count in ranked]


@needs(SEE)
@require_GET
def letter(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """One letter: what is in it, how often it was tried, and what can be done."""
    found = letter_of(request.user, key)
    if found is None:
        raise Http404
    box, shown = found
    text, is_whole = payload_text(request.user, box, shown)
    return render(
        request,
        "deadletters/letter.html",
        {
            "title": _("Dead letter"),
            "letter": shown,
            "label": box.label,
            "payload": text,
            "is_whole": is_whole,
            "can_replay": request.user.has_perm(box.replays),
            "can_discard": request.user.has_perm(box.discards),
            "is_unsure": shown.doubt and box.settles,
        },
    )


@needs(CHANGE)
@require_POST
def act(request: AuthenticatedRequest) -> HttpResponse:
    """Try the chosen letters again, or let them go."""
    one = request.POST.get("one", "")  # a row's own button
    deed = DEEDS.get("replay" if one else request.POST.get("deed", ""))
    chosen = _by_box([one] if one else request.POST.getlist("letter")[:200])
    if deed is None or not chosen:
        messages.info(request, _("Choose some letters first."))
        return _back(request)
    for box, ids in chosen.items():
        deed(request, box, ids)
    return _back(request)


def _by_box(keys: list[str]) -> dict[LetterBox, list[str]]:
    chosen: dict[LetterBox, list[str]] = {}
    for key in keys:
        kind, _mark, letter_id = key.partition("-")
        box = box_of(kind)
        if box is not None and letter_id:
            chosen.setdefault(box, []).append(letter_id)
    return chosen


def _replay(request: AuthenticatedRequest, box: LetterBox, ids: list[str]) -> None:
    _demand(request, box.replays)
    sure = request.POST.get("sure") == "1" and len(ids) == 1
    outcome = deeds.replay(box=box, ids=ids, actor=request.user.actor, sure=sure)
    if outcome.done:
        told = ngettext("%(count)d letter is tried again.", "%(count)d letters are tried again.",
                        outcome.done)  # fmt: skip
        messages.success(request, told % {"count": outcome.done})
    for code in sorted(set(outcome.refused.values())):
        count = sum(each == code for each in outcome.refused.values())
        messages.warning(request, f"{count} × {outcome.texts[code]}")
    if not outcome.done and not outcome.refused:
        messages.info(request, _("Nothing of it is dead any more."))


def _discard(request: AuthenticatedRequest, box: LetterBox, ids: list[str]) -> None:
    _demand(request, box.discards)
    count = deeds.discard(box=box, ids=ids, actor=request.user.actor)
    told = ngettext("%(count)d letter is gone.", "%(count)d letters are gone.", count)
    messages.success(request, told % {"count": count})


def _settle(request: AuthenticatedRequest, box: LetterBox, ids: list[str]) -> None:
    _demand(request, box.replays)
    if deeds.settle(box=box, letter_id=ids[0], actor=request.user.actor):
        messages.success(request, _("Noted: it arrived."))


DEEDS: dict[str, Callable[[AuthenticatedRequest, LetterBox, list[str]], None]] = {
    "replay": _replay,
    "discard": _discard,
    "settle": _settle,
}


@needs(CHANGE)
@require_POST
def order(request: AuthenticatedRequest) -> HttpResponse:
    """All of a kind and reason, or since a time, are tried again or let go."""
    form = FilterForm(request.POST)
    box = box_of(form.chosen()["kind"])
    deed = request.POST.get("deed", ReplayOrder.Deed.REPLAY)
    if box is None or deed not in ReplayOrder.Deed.values:
        messages.info(request, _("Choose a kind first."))
        return redirect("deadletters:letters")
    _demand(request, box.discards if deed == ReplayOrder.Deed.DISCARD else box.replays)
    made = deeds.order(box=box, wanted=form.wanted(), actor=request.user.actor, deed=deed)
    return redirect("deadletters:order", made.pk)


@needs(SEE)
@require_GET
def progress(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How far an order has got; the page asks again while it is under way."""
    shown = get_object_or_404(ReplayOrder, pk=pk)
    box = box_of(shown.kind)
    template = "deadletters/_order.html" if request.headers.get("HX-Request") else None
    context: dict[str, Any] = {"order": shown, "label": box.label if box else shown.kind}
    if template:
        return render(request, template, context)
    return render(request, "deadletters/order.html", {"title": _("Dead letters"), **context})


def _demand(request: AuthenticatedRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _back(request: AuthenticatedRequest) -> HttpResponse:
    """To the list as it was filtered; never to another site."""
    said = request.POST.get("next", "")
    if said.startswith("/dead-letters/") and url_has_allowed_host_and_scheme(said, None):
        return redirect(said)
    return redirect("deadletters:letters")
