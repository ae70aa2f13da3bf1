import json

import httpx
import pytest
import respx


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
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            if failure.status_code != 299:
                return failure
        body = json.loads(request.content)
        if "inputs" not in body:
            return self._hook(request, body)
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
