"""``/_sim/``: what a test or a demo says to the simulator itself.

GET    /_sim/                      accounts, faults, behaviour
POST   /_sim/reset                 forget everything
POST   /_sim/accounts              {platform, account_id, webhook_url, secret, …} (see Account)
POST   /_sim/behaviour             {vendor, latency, statuses, status_delay, reads, limits, …}
POST   /_sim/faults                {vendor, kind, count, match, status, code, retry_after, …}
POST   /_sim/recover               {vendor}: whatever still was to go wrong there does not
POST   /_sim/people                {platform, account_id, person_id, state, last_wrote}
POST   /_sim/oauth                 {vendor, user, accounts, withheld, client_secret, issuer, number}
POST   /_sim/grants                {vendor, without, over, ended}: a scope less, the end of all
                                   tokens, or of those alone that open something
POST   /_sim/inbound               {platform, account_id, sender_id, text, …, file} (see files)
GET    /_sim/journal               ?since= &vendor= &kind=send|webhook|upsert|model|hook|call …
GET    /_sim/objects/<type>        HubSpot's objects, each with its number of writes; or of others:
                                   salesforce:Lead, pipedrive:persons, hubspot:associations
"""

import base64
import time
from dataclasses import asdict, fields
from typing import Any

from config.simulator.courier import Courier
from config.simulator.files import Kept, Shelf
from config.simulator.meta import Meta
from config.simulator.vendor import Messenger, Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Behaviour, Fault, World

BODIES = {"request", "body"}


class Control:
    """The simulator's own door."""

    def __init__(self, world: World, courier: Courier, vendors: list[Vendor]) -> None:
        self.world = world
        self.courier = courier
        self.shelf = Shelf(world)
        self.meta = next(vendor for vendor in vendors if isinstance(vendor, Meta))
        self.messengers = {
            platform: vendor
            for vendor in vendors
            if isinstance(vendor, Messenger)
            for platform in vendor.platforms
        }

    async def answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return self._shown(request)
        match request.parts:
            case ["accounts"]:
                return await self._set_account(request.json())
            case ["inbound"]:
                return await self._write_in(request.json())
            case [
                (
                    "behaviour" | "faults" | "recover" | "people" | "reset" | "oauth" | "grants"
                ) as what
            ]:
                setters = {
                    "recover": self._recover,
                    "oauth": self._set_oauth,
                    "grants": self._change_grants,
                    "behaviour": self._set_behaviour,
                    "faults": self._add_fault,
                    "people": self._set_person,
                    "reset": self._reset,
                }
                return setters[what](request.json())
            case ["forget"]:
                self.world.journal.entries.clear()
                return Answer({"ok": True})
        return Answer({"error": f"no such control: POST /_sim{request.path}"}, 404)

    def _shown(self, request: Request) -> Answer:
        match request.parts:
            case []:
                return Answer(self.world.shown())
            case ["journal"]:
                equal = dict(request.query)
                since, brief = int(equal.pop("since", 0)), equal.pop("brief", "")
                entries = self.world.journal.read(since=since, **equal)
                if brief:  # without the bodies
                    entries = [
                        {name: value for name, value in entry.items() if name not in BODIES}
                        for entry in entries
                    ]
                return Answer({"entries": entries, "next": self.world.journal.count})
            case ["objects", kind]:
                return Answer({"results": self._objects(kind)})
        return Answer({"error": f"no such control: GET /_sim{request.path}"}, 404)

    def _reset(self, body: dict[str, Any]) -> Answer:
        self.world.reset()
        return Answer({"ok": True})

    async def _set_account(self, body: dict[str, Any]) -> Answer:
        platform, account_id = body.get("platform"), body.get("account_id")
        if platform not in self.messengers or not account_id:
            known = ", ".join(sorted(self.messengers))
            return Answer({"error": f"platform must be one of {known}, with an account_id"}, 400)
        account = self.world.account(str(platform), str(account_id))
        for name in ("webhook_url", "secret", "verify_token", "token", "app_id"):
            if name in body:
                setattr(account, name, str(body[name]))
        verified = await self.messengers[account.platform].subscribe(account)
        return Answer({**asdict(account), "verified": verified})

    def _set_oauth(self, body: dict[str, Any]) -> Answer:
        vendor = str(body.pop("vendor", ""))
        told = self.world.store.setdefault(f"oauth:{vendor}", {})
        self.world.store.setdefault("number_quality", {}).update(body.pop("number", {}))
        told.update(body)
        return Answer(told)

    def _change_grants(self, body: dict[str, Any]) -> Answer:
        vendor = str(body.get("vendor", ""))
        for account in self.world.accounts.values():
            if vendor == "meta" and account.token:  # those that were only told to us have one too
                self.meta.login.grant_of(account.token)
        kept = self.world.store.get(f"grants:{vendor}", {})
        grants = kept.values()
        for grant in grants:
            grant.scopes = [each for each in grant.scopes if each != body.get("without")]
            grant.is_valid = grant.is_valid and not body.get("over")
        if body.get("ended"):  # access, and not the consent that renews it
            for name, grant in kept.items():
                grant.is_valid = grant.is_valid and not name.startswith("tok-")
        return Answer({"grants": len(grants)})

    def _set_behaviour(self, body: dict[str, Any]) -> Answer:
        vendor = str(body.pop("vendor", ""))
        behaviour = self.world.behaviour(vendor)
        known = {field.name for field in fields(Behaviour)}
        if unknown := set(body) - known:
            return Answer({"error": f"unknown behaviour: {', '.join(sorted(unknown))}"}, 400)
        for name, value in body.items():
            setattr(behaviour, name, value)
        return Answer(asdict(behaviour))

    def _add_fault(self, body: dict[str, Any]) -> Answer:
        known = {field.name for field in fields(Fault)}
        if unknown := set(body) - known:
            return Answer({"error": f"unknown in a fault: {', '.join(sorted(unknown))}"}, 400)
        if "vendor" not in body:
            return Answer({"error": "a fault needs a vendor"}, 400)
        fault = Fault(**body)
        self.world.faults.append(fault)
        return Answer(asdict(fault))

    def _recover(self, body: dict[str, Any]) -> Answer:
        faults = self.world.faults
        faults[:] = [fault for fault in faults if fault.vendor != body.get("vendor")]
        return Answer({"faults": len(faults)})

    def _set_person(self, body: dict[str, Any]) -> Answer:
        names = ("platform", "account_id", "person_id")
        person = self.world.person(*(str(body.get(name, "")) for name in names))
        person.state = str(body.get("state", person.state))
        if "last_wrote" in body:
            person.last_wrote = body["last_wrote"]
        return Answer(asdict(person))

    async def _write_in(self, body: dict[str, Any]) -> Answer:
        """A person writes; the answer says how our side took the webhook."""
        account = self.world.accounts.get((str(body.get("platform")), str(body.get("account_id"))))
        polled = account is not None and self.messengers[account.platform].is_polled
        if account is None or not (account.webhook_url or polled):
            return Answer({"error": "register the account with a webhook_url first"}, 400)
        message: dict[str, Any] = {
            "sender_id": str(body.get("sender_id") or "1001"),
            "sender_name": str(body.get("sender_name") or ""),
            "text": str(body.get("text") or ""),
            "id": str(body.get("id") or ""),
            "post": str(body.get("post") or ""),  # then it is a comment under it
            "at": body.get("at"),
            "file": self._file_in(body),
        }
        person = self.world.person(account.platform, account.account_id, message["sender_id"])
        person.last_wrote = time.time()
        return await self._deliver(account, message)

    def _file_in(self, body: dict[str, Any]) -> Kept | None:
        """What the person sends along: {content (base64), mime, name, fault, seconds}."""
        told = body.get("file")
        if not isinstance(told, dict):
            return None
        return self.shelf.keep(
            base64.b64decode(str(told.get("content") or "")),
            str(told.get("mime") or "application/octet-stream"),
            str(told.get("name") or ""),
            fault=str(told.get("fault") or ""),
            seconds=float(told.get("seconds") or 0),
        )

    async def _deliver(self, account: Account, message: dict[str, Any]) -> Answer:
        vendor = self.messengers[account.platform]
        item = vendor.written(account, message)
        if not account.webhook_url:
            return Answer({"status": 0, "item": item})
        [parcel] = vendor.bundle(account, [item])
        behaviour = self.world.behaviour(account.platform)
        status = await self.courier.deliver(account, parcel, behaviour)
        return Answer({"status": status, "item": item, "body": parcel.body.decode()})

    def _objects(self, kind: str) -> list[dict[str, Any]]:
        if ":" in kind:  # salesforce:Lead, pipedrive:persons
            return list(self.world.store.get(kind, {}).values())
        writes = self.world.store.get("writes", {})
        kept = self.world.store.get("hubspot", {}).get(kind, {})
        return [
            {**one, "writes": writes.get((kind, identity), 0)} for identity, one in kept.items()
        ]
