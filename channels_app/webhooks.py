"""Where networks knock: verify, split, keep, ring, answer. Nothing is thought over here.

Two addresses: ``/webhooks/<platform>/``, shared by every company that connects through our own
app at the network, and ``/webhooks/<platform>/<token>/``, one per connection with its own secret.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.views.decorators.csrf import csrf_exempt

from channels_app.providers.values import UNREADABLE, RawItem
from channels_app.services import ring_events, store, store_strays
from channels_app.services.refusals import note_refusal
from channels_app.services.routing import Address, Route, address, routes
from channels_app.wire import key_of
from tenants import context
from tenants.bodies import raw_body
from tenants.middleware import REQUEST_ID
from tenants.plugins.errors import PayloadRejected, SignatureMismatch
from tenants.unrouted import keep_unrouted

logger = logging.getLogger("leadwire.webhooks")

PREFIX = "/webhooks/"


class WebhookLane:
    """Stands first among the middleware and answers webhooks itself.

    Sessions, languages, content policies and the host's company mean nothing to a network's
    server, and it measures how fast we answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        host, _port = split_domain_port(request.get_host())
        parts = request.path_info[len(PREFIX) :].split("/")
        if host not in settings.PUBLIC_HOSTS or len(parts) not in {2, 3} or parts[-1]:
            return self.get_response(request)
        claimed = request.headers.get("X-Request-ID", "")
        request_id = claimed if REQUEST_ID.match(claimed) else uuid.uuid4().hex
        response = webhook(request, *parts[:-1])
        response["X-Request-ID"] = request_id
        if response.status_code >= 400:
            logger.warning(
                "webhook for %s answered %s, request %s",
                parts[0][:40],
                response.status_code,
                request_id,
            )
        return response


@csrf_exempt
def webhook(request: HttpRequest, platform: str, token: str = "") -> HttpResponse:
    """One network's knock: its question whether the address is ours, or its events."""
    context.leave()
    try:
        asked = address(platform=platform, token=token)
        if asked is None:
            return HttpResponse(status=404)
        if request.method == "GET":
            return _answer_handshake(request, asked)
        if request.method == "POST":
            return _take_in(request, platform, asked)
    except DatabaseTrouble:
        logger.exception("a %s webhook could not be kept", platform)
        return HttpResponse(status=503)
    finally:
        context.leave()
    return HttpResponse(status=405, headers={"Allow": "GET, POST"})


def _answer_handshake(request: HttpRequest, asked: Address) -> HttpResponse:
    try:
        answer = asked.provider.handshake(request.GET.dict())
    except SignatureMismatch:
        return HttpResponse(status=403)
    return HttpResponse(
        answer,
        content_type=asked.provider.handshake_type,
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _take_in(request: HttpRequest, platform: str, asked: Address) -> HttpResponse:
    at_most = max(settings.WEBHOOK_MAX_BYTES, asked.provider.webhook_bytes)
    body = raw_body(request, at_most=at_most)
    if body is None:
        return HttpResponse(status=413)
    try:
        url = f"{settings.PUBLIC_URL}{request.get_full_path()}"
        asked.provider.verify_at(url, request.headers, body)
    except SignatureMismatch as error:
        logger.info("%s webhook refused: %s", platform, error)
        if asked.route is not None:
            context.enter(asked.route.schema)
            note_refusal(connection_id=asked.route.connection_id)
        return HttpResponse(status=403)
    try:
        items, rejected = list(asked.provider.split(body)), ""
    except PayloadRejected as error:
        items = [RawItem("", key_of(UNREADABLE, body.hex()), UNREADABLE, body)]
        rejected = str(error)
    if asked.route is not None:
        kept = _keep_own(platform, asked.route, items, rejected)
    else:
        kept = _keep_shared(platform, items)
    # A store that failed is the network's business to repeat; what was kept stays kept once.
    return HttpResponse(status=200 if kept else 503)


def _keep_own(platform: str, route: Route, items: Sequence[RawItem], rejected: str) -> bool:
    """Items at a connection's own address. Its owner holds the secret, so that an item for an
    account of somebody else proves nothing and stays where it came in."""
    if rejected:
        return _keep(route, items, rejected)
    groups: dict[Route | None, list[RawItem]] = defaultdict(list)
    foreign = {item.account_id for item in items} - {"", route.account_id}
    elsewhere = routes(platform=platform, account_ids=foreign) if foreign else {}
    for item in items:
        target: Route | None = route
        if item.account_id in foreign:
            target = elsewhere.get(item.account_id)
            if target is not None and target.schema != route.schema:
                target = None
        groups[target].append(item)
    strangers = groups.pop(None, [])
    kept = [_keep(target, group) for target, group in groups.items() if target]
    if strangers:
        kept.append(_keep(route, strangers, strays=True))
    return all(kept)


def _keep_shared(platform: str, items: Sequence[RawItem]) -> bool:
    """Items at the platform's shared address: each goes to its account's company."""
    groups: dict[str, list[RawItem]] = defaultdict(list)
    for item in items:
        groups[item.account_id].append(item)
    known = routes(platform=platform, account_ids=groups.keys() - {""})
    kept = [_keep(known[account_id], groups.pop(account_id)) for account_id in known]
    unrouted = [item for group in groups.values() for item in group]
    if unrouted:
        context.leave()  # they are public's until somebody connects their account
        keep_unrouted(platform=platform, items=unrouted)
    return all(kept)


def _keep(
    route: Route, items: Sequence[RawItem], rejected: str = "", *, strays: bool = False
) -> bool:
    context.enter(route.schema)
    try:
        if strays:
            store_strays(connection_id=route.connection_id, items=items)
            return True
        stored = store(connection_id=route.connection_id, items=items, rejected=rejected)
    except DatabaseTrouble:
        logger.exception("%s items of %s were not kept", len(items), route)
        return False
    if stored and not rejected:
        ring_events(stored)
    return True
