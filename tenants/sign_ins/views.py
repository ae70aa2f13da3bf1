"""Off to a vendor, and the vendors' way back on the public host."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tenants.sign_ins.troubles import trouble_of
from tenants.sign_ins.ways import SignInRefused, take_answer


@never_cache
@require_GET
def callback(request: HttpRequest, kind: str) -> HttpResponse:
    """Vendors send people back to this one address of their kind."""
    answer: HttpResponse
    try:
        answer = redirect(take_answer(kind=kind, query=request.GET.dict()))
    except SignInRefused as refusal:
        trouble = trouble_of(refusal.code)
        told = {**trouble.told(), "home": refusal.home}
        answer = render(request, "public/sign_in_trouble.html", told, status=trouble.status)
    answer["Referrer-Policy"] = "no-referrer"  # the address holds the vendor's code
    return answer


def leave(request: HttpRequest, *, address: str, network: str, home: str) -> HttpResponse:
    """Off to the vendor, by a page that goes on by itself: the address a form's answer leads to
    would have to be in our content security policy, and so would every address the vendor passes
    people on to."""
    title = _("On to %(network)s") % {"network": network}
    told = {"title": title, "address": address, "network": network, "home": home}
    return render(request, "shell/sign_in_leaving.html", told)


def session_of(request: HttpRequest) -> str:
    """The browser's session, which is there from now on."""
    if not request.session.session_key:
        request.session.save()
    return request.session.session_key or ""
