"""Calendly's webhook subscriptions. https://developer.calendly.com/api-docs/calendly-api/webhooks

A token that begins with ``free`` is of a plan without webhooks; one that begins with ``member`` is
of somebody who does not administer the organization.
"""

import uuid
from typing import Any

from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault

BASE = "https://api.calendly.com"
ORGANIZATION = f"{BASE}/organizations/AAAAAAAAAAAAAAAA"
TITLES = {
    400: "Invalid Argument",
    401: "Unauthenticated",
    403: "Permission Denied",
    404: "Resource Not Found",
    409: "Already Exists",
    429: "Too Many Requests",
}


class Calendly(Vendor):
    """One organization; who asks is known by the token."""

    name = "calendly"

    def answer(self, request: Request) -> Answer:
        if not request.bearer:
            return self._error(401, "The access token is invalid")
        match request.method, request.parts:
            case "GET", ["users", "me"]:
                me = {"uri": _user(request), "current_organization": ORGANIZATION}
                return Answer({"resource": {**me, "name": "Ada Byron"}})
            case "GET", ["webhook_subscriptions"]:
                return self._list(request.query)
            case "POST", ["webhook_subscriptions"]:
                return self._create(request, request.json())
            case _, ["webhook_subscriptions", name]:
                return self._one(request, f"{BASE}/webhook_subscriptions/{name}")
        return self._error(404, "The server could not find the requested resource.")

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(int(fault.retry_after))
        return answer

    def _list(self, query: dict[str, str]) -> Answer:
        names = ("organization", "scope", "user")
        if not query.get("organization") or not query.get("scope"):
            return self._error(400, "organization and scope are required")
        asked = {name: query[name] for name in names if query.get(name)}
        found = [
            each
            for each in self._kept().values()
            if all(each.get(name) == value for name, value in asked.items())
        ]
        pagination = {"count": len(found), "next_page": None, "next_page_token": None}
        return Answer({"collection": found, "pagination": pagination})

    def _create(self, request: Request, body: dict[str, Any]) -> Answer:
        if request.bearer.startswith("free"):
            return self._error(403, "Please upgrade your Calendly account to Standard.")
        if request.bearer.startswith("member") and body.get("scope") == "organization":
            return self._error(403, "You do not have permission to access this resource.")
        if not all(body.get(name) for name in ("url", "events", "organization", "scope")):
            return self._error(400, "The supplied parameters are invalid.")
        names = {"callback_url": "url", "scope": "scope", "user": "user"}
        wanted = {name: body.get(theirs) for name, theirs in names.items()}
        if any(wanted.items() <= each.items() for each in self._kept().values()):
            return self._error(409, "Hook with this url already exists")
        uri = f"{BASE}/webhook_subscriptions/{uuid.uuid4()}"
        resource = {
            "uri": uri,
            "callback_url": body["url"],
            "state": "active",
            "events": body["events"],
            "scope": body["scope"],
            "organization": body["organization"],
            "user": body.get("user"),
        }
        self._kept()[uri] = resource
        note = {"platform": "calendly", "signing_key": body.get("signing_key", "")}
        return Answer({"resource": resource}, 201, note=note)

    def _one(self, request: Request, uri: str) -> Answer:
        if uri not in self._kept():
            return self._error(404, "The server could not find the requested resource.")
        if self._kept()[uri]["user"] not in {None, _user(request)}:
            return self._error(403, "You do not have permission to access this resource.")
        if request.method == "DELETE":
            del self._kept()[uri]
            return Answer(None, 204)
        return Answer({"resource": self._kept()[uri]})

    def _kept(self) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = self.world.store.setdefault("calendly:subscriptions", {})
        return kept

    def _error(self, status: int, message: str = "") -> Answer:
        title = TITLES.get(status, "Internal Server Error")
        return Answer({"title": title, "message": message or title}, status, kind="error")


def _user(request: Request) -> str:
    return f"{BASE}/users/{uuid.uuid5(uuid.NAMESPACE_URL, request.bearer)}"
