import base64
import hmac
import json
import time
from hashlib import sha256

import httpx
import pytest
import respx

from crm.models import SyncRecord
from tenants import context, platform_apps
from tests.factories import make_crm, make_hook, make_lead


class StandIn:
    """A CRM on the wire: takes what it is sent, or fails as it is told to."""

    def __init__(self) -> None:
        self.contacts: dict[str, dict] = {}  # key -> properties, as after the last upsert
        self.requests: list[tuple[str, list[str]]] = []  # (id of delivery or "", keys)
        self.failures: list[
            httpx.Response | Exception
        ] = []  # responses or exceptions to give first, in order
        self.refuses: dict[str, int] = {}  # key -> status

    def answer(self, request: httpx.Request) -> httpx.Response:
        failure = self.failures.pop(0) if self.failures else None
        if isinstance(failure, Exception):
            raise failure
        if failure is not None and failure.status_code != 299:
            return failure
        body = json.loads(request.content or b"{}")
        if "webhook-id" in request.headers:
            return self._hook(request, body)
        if not request.url.path.endswith("/contacts/batch/upsert"):
            return self._beside(request, body)
        keys = [one["properties"]["leadwire_id"] for one in body["inputs"]]
        self.requests.append(("", keys))
        refused = [key for key in keys if key in self.refuses]
        if refused:
            return httpx.Response(self.refuses[refused[0]], json={"message": "not valid"})
        for one in body["inputs"]:
            self.contacts[one["properties"]["leadwire_id"]] = one["properties"]
        results = [{"id": f"h{key}", "objectWriteTraceId": key} for key in keys]
        if self.lose_answer:
            self.lose_answer = False
            raise httpx.ReadTimeout("gone")
        return httpx.Response(200, json={"status": "COMPLETE", "results": results})

    lose_answer = False

    def _beside(self, request: httpx.Request, body: dict) -> httpx.Response:
        """Companies, deals, notes and what links them: all is taken, nobody had any before."""
        if not request.url.path.endswith("/batch/upsert"):
            return httpx.Response(200, json={"results": []})
        names = [one["objectWriteTraceId"] for one in body["inputs"]]
        results = [{"id": f"p{name}", "objectWriteTraceId": name} for name in names]
        return httpx.Response(200, json={"results": results})

    def _hook(self, request: httpx.Request, body: dict) -> httpx.Response:
        key = body["data"]["id"]
        self.requests.append((request.headers["webhook-id"], [key]))
        if key in self.refuses:
            return httpx.Response(self.refuses[key], text="no")
        self.contacts[key] = body["data"]
        if self.lose_answer:
            self.lose_answer = False
            raise httpx.ReadTimeout("gone")
        return httpx.Response(200, text="ok")


@pytest.fixture
def crm_server(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # nothing is dialled: respx stands in
    stand_in = StandIn()
    with respx.mock(assert_all_called=False) as mock:
        mock.route().mock(side_effect=stand_in.answer)
        yield stand_in


def signed(kind: str, url: str, body: bytes, secret: str = "s3cret") -> dict[str, str]:
    """The headers with which a vendor sends a body, as its documentation has it."""
    now = str(int(time.time()))
    if kind == "hubspot":
        stamp = f"{now}000"
        content = f"POST{url}".encode() + body + stamp.encode()
        mac = base64.b64encode(hmac.new(secret.encode(), content, sha256).digest()).decode()
        return {"X-HubSpot-Signature-v3": mac, "X-HubSpot-Request-Timestamp": stamp}
    mac = hmac.new(secret.encode(), f"{now}.".encode() + body, sha256).hexdigest()
    if kind == "calendly":
        return {"Calendly-Webhook-Signature": f"t={now},v1={mac}"}
    return {"x-signature": mac, "x-timestamp": now}


@pytest.fixture
def knock(client, north):
    """Post a body to a hook's address, or to ``url``, signed as the vendor signs."""

    def post(hook, body, *, url="", secret="s3cret", headers=None):
        url = url or hook.address
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = signed(hook.kind, url, raw, secret) if headers is None else headers
        path = "/" + url.partition("://")[2].partition("/")[2]
        try:
            return client.post(
                path, raw, content_type="application/json", headers=given, HTTP_HOST="localhost"
            )
        finally:
            context.enter_company(north)

    return post


@pytest.fixture
def hubspot(north):
    """A lead that is contact 7001 of the company's HubSpot, in step."""
    crm = make_crm()
    lead = make_lead()
    SyncRecord.objects.create(
        connection=crm,
        lead=lead,
        external_id="7001",
        state="clean",
        wanted_version=lead.version,
        synced_version=lead.version,
    )
    return make_hook(kind="hubspot", crm=crm)


@pytest.fixture
def record(hubspot):
    return SyncRecord.objects.get()


@pytest.fixture
def tell(knock, work):
    """Post a body to a hook and let the workers read it; returns what became of the last event."""

    def deliver(hook, body, **more):
        assert knock(hook, body, **more).status_code == 200
        work()
        event = hook.events.order_by("pk").last()
        return event.state, event.outcome

    return deliver


@pytest.fixture
def ours(settings):
    """Our own public app at HubSpot."""
    settings.HUBSPOT_CLIENT_SECRET = "app-secret"
    platform_apps.forget_apps()
    yield f"{settings.PUBLIC_URL}/hooks/hubspot/"
    platform_apps.forget_apps()
