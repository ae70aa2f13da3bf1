"""Where CRMs, calendars and telephony knock: verify, split, keep, ring, answer.

Two addresses: ``/hooks/<kind>/<token>/``, one per connection with its own secret, and
``/hooks/<kind>/``, the one of our own app there, whose events are of many companies' accounts.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from channels_app.wire import key_of
from crm.hooks.base import UNREADABLE
from crm.hooks.values import Item
from crm.services import (
    HookAddress,
    HookRoute,
    hook_address,
    hook_routes,
    keep_events,
    keep_strays,
    ring_hook_events,
)
from tenants import context
from tenants.bodies import raw_body
from tenants.plugins.errors import PayloadRejected, SignatureMismatch
from tenants.unrouted import keep_unrouted

logger = logging.getLogger("leadwire.webhooks")


@csrf_exempt
def hook(request: HttpRequest, kind: str, token: str = "") -> HttpResponse:
    """One vendor's knock: its events, and what it asks."""
    context.leave()
    try:
        asked = hook_address(kind=kind, token=token)
        if asked is None:
            return HttpResponse(status=404)
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        return _take_in(request, kind, asked)
    except DatabaseTrouble:
        logger.exception("a webhook of %s could not be kept", kind)
        return HttpResponse(status=503)
    finally:
        context.leave()


def _take_in(request: HttpRequest, kind: str, asked: HookAddress) -> HttpResponse:
    body = raw_body(request, at_most=settings.WEBHOOK_MAX_BYTES)
    if body is None:
        return HttpResponse(status=413)
    try:
        asked.provider.verify(
            method=request.method or "",
            url=f"{settings.PUBLIC_URL}{request.get_full_path()}",
            headers=request.headers,
            body=body,
            now=time.time(),
        )
    except SignatureMismatch as error:
        logger.info("a webhook of %s was refused: %s", kind, error)
        return HttpResponse(status=403)
    rejected = ""
    try:
        items = list(asked.provider.split(body))
    except PayloadRejected as error:
        items, rejected = [Item("", key_of(UNREADABLE, body.hex()), UNREADABLE, body)], str(error)
    if asked.route is not None:
        kept = _keep_own(asked.route, items, rejected)
    else:
        kept = _keep_shared(kind, items)
    if not kept:  # the vendor sends it again; what was kept stays kept once
        return HttpResponse(status=503)
    answer = None if rejected else asked.provider.answer(body)
    return HttpResponse() if answer is None else JsonResponse(answer)


def _keep_own(route: HookRoute, items: Sequence[Item], rejected: str) -> bool:
    """At a connection's own address. Its owner holds the secret: what it says of somebody else's
    account proves nothing, and stays where it came in."""
    ours: list[Item] = []
    strangers: list[Item] = []
    for item in items:
        is_ours = not (route.account_id and item.account_id) or item.account_id == route.account_id
        (ours if is_ours else strangers).append(item)
    kept = _keep(route, ours, rejected) if ours else True
    return kept and (_keep(route, strangers, strays=True) if strangers else True)


def _keep_shared(kind: str, items: Sequence[Item]) -> bool:
    """At our app's address: each event goes to its account's company."""
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.account_id].append(item)
    known = hook_routes(kind=kind, account_ids=groups.keys() - {""})
    kept = [_keep(known[account_id], groups.pop(account_id)) for account_id in known]
    unrouted = [item for group in groups.values() for item in group]
    if unrouted:
        context.leave()  # they are public's until somebody shows the account to be theirs
        keep_unrouted(platform=kind, items=unrouted)
    return all(kept)


def _keep(
    route: HookRoute, items: Sequence[Item], rejected: str = "", *, strays: bool = False
) -> bool:
    context.enter(route.schema)
    try:
        if strays:
            keep_strays(hook_id=route.hook_id, items=items)
            return True
        kept = keep_events(hook_id=route.hook_id, items=items, rejected=rejected)
    except DatabaseTrouble:
        logger.exception("%s events of %s were not kept", len(items), route)
        return False
    if kept and not rejected:
        ring_hook_events(kept)
    return True
