"""What a person of ours may buy: a lead in the Leads Inbox, later a deal; and our note on it.

Pipedrive turns a lead into a deal by itself and takes along what people put down there, so that
is asked for rather than a second record made. A deal is known as ours by a field with our key, or
by the lead it was made of, for people convert leads as well.
https://pipedrive.readme.io/docs/leads-to-deals-conversion
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from channels_app import wire as answers
from crm.deals import CLOSED, FROM, Places, chosen_stages, places
from crm.providers.base import Changed, Found, Part, Upsert
from crm.providers.pipedrive.records import GONE, Ids, id_of, mark_of, note_content, title_of
from crm.providers.pipedrive.wire import Look, Wire
from tenants.plugins.errors import Rejected, Unavailable

DEAL, STAGE = "deal", "stage"
OF_ONE = "100"  # deals of one person that are looked through
OPEN = "open"
CONFLICT = 409
# A conversion takes a moment; who comes again finds the deal.
CONVERTING = "Pipedrive is still making a deal of the lead."


class Sales:
    def __init__(self, wire: Wire, config: Mapping[str, str]) -> None:
        self._wire = wire
        self._config = config
        self._from = FROM.get(config.get("beside") or "qualified", ())
        self._places: Places | None = None

    def bring(self, record: Upsert, ids: Ids, organisation: int | None) -> Part:
        """The deal, where there is one; else ``ids`` name the lead."""
        said = record.parts.get(DEAL, {})
        stage = str(said.get(STAGE) or "")
        known = record.known.get(DEAL, Part())
        if known.id and known.told == stage:
            return known
        deal = self._deal_there(known.id) if known.id else None
        if deal is None and (stage in self._from or known.id):
            deal = self._ours_of(record, ids)
        if deal is None and stage in self._from:
            deal = self._made(record, ids, organisation, stage)
        if deal is None:
            ids.lead = ids.lead or self._lead(record, ids.person, organisation)
            return Part()
        return self._told(deal, record.key, stage)

    def note(self, record: Upsert, ids: Ids, deal: str) -> str:
        content = note_content(record)
        note = ids.note or self._note_of(record, ids, deal)
        if note:
            try:
                path = f"/notes/{quote(note, safe='')}"
                return str(id_of(self._wire.ask("PUT", "v1", path, {"content": content})))
            except Rejected as error:
                if error.status not in GONE:
                    raise
        where = {"deal_id": int(deal)} if deal else {"lead_id": ids.lead}
        return str(id_of(self._wire.ask("POST", "v1", "/notes", {"content": content, **where})))

    # -- what people there have

    def stage_there(self, deal_id: str) -> Found | None:
        """Which of our stages the deal is in; None where none of ours is it."""
        deal = self._deal_there(deal_id)
        return None if deal is None else self._stage_of(deal)

    def changed_deals(self, look: Look, *, with_stage: bool) -> list[Changed]:
        """https://developers.pipedrive.com/docs/api/v1/Deals#getDeals"""
        code = self._wire.known_code(DEAL)
        found = []
        for at, deal in look.rows("v2", "/deals"):
            person = deal.get("person_id")
            ours = str((deal.get("custom_fields") or {}).get(code) or "") if code else ""
            ours = ours or str(deal.get("source_lead_id") or "")
            if not person or not ours:
                continue
            stage = self._stage_of(deal) if with_stage else None
            values = {STAGE: stage} if stage is not None else {}
            owner = self._owner(deal, deal.get("creator_user_id"))
            found.append(Changed(str(person), at, values, owner, only_of=ours))
        return found

    def changed_leads(self, look: Look) -> list[Changed]:
        """Whose they are now. https://developers.pipedrive.com/docs/api/v1/Leads#getLeads"""
        found = []
        for at, lead in look.rows("v1", "/leads"):
            person, owner = lead.get("person_id"), self._owner(lead, lead.get("creator_id"))
            if person and owner:
                found.append(Changed(str(person), at, {}, owner, only_of=str(lead.get("id"))))
        return found

    def _owner(self, record: Mapping[str, Any], creator: object) -> str:
        """Whoever made it owns it until somebody says otherwise: of what we made, nobody has."""
        owner = record.get("owner_id")
        return "" if owner in (None, creator) else self._wire.email_of(str(owner))

    def _stage_of(self, deal: Mapping[str, Any]) -> Found | None:
        status = str(deal.get("status") or "")
        if status in CLOSED:
            return Found(status, _moment(deal, f"{status}_time", "update_time"))
        stage = self._stages().stage_of(deal.get("stage_id"))
        if status != OPEN or not stage:
            return None
        return Found(stage, _moment(deal, "stage_change_time", "add_time", "update_time"))

    # -- the deal

    def _deal_there(self, deal_id: str) -> dict[str, Any] | None:
        """As it stands there; None where somebody deleted it."""
        try:
            found = self._wire.ask("GET", "v2", f"/deals/{quote(deal_id, safe='')}")
        except Rejected as error:
            if error.status in GONE:
                return None
            raise
        return None if found.get("is_deleted") else found

    def _ours_of(self, record: Upsert, ids: Ids) -> dict[str, Any] | None:
        """The deal of this person that is ours, whoever made it of what."""
        code = self._wire.known_code(DEAL)
        params = {"person_id": ids.person, "limit": OF_ONE}
        for deal in self._wire.rows("v2", "/deals", params):
            held = (deal.get("custom_fields") or {}).get(code) if code else ""
            made_of = deal.get("source_lead_id")
            if held == record.key or (not held and ids.lead and made_of == ids.lead):
                return deal
        return None

    def _made(
        self, record: Upsert, ids: Ids, organisation: int | None, stage: str
    ) -> dict[str, Any]:
        place = self._place(stage)
        lead = ids.lead or self._lead_of(ids.person)
        if lead and (deal := self._converted(lead, place)):
            ids.lead = lead
            return deal
        body: dict[str, Any] = {
            "title": title_of(record),
            "person_id": int(ids.person),
            "custom_fields": {self._wire.code(DEAL): record.key},
            **place,
        }
        if organisation is not None:
            body["org_id"] = organisation
        made: dict[str, Any] = self._wire.ask("POST", "v2", "/deals", body)
        return {**body, "status": OPEN, **made, "id": id_of(made)}

    def _converted(self, lead: str, place: Mapping[str, Any]) -> dict[str, Any] | None:
        """The deal that became of the lead; None where somebody deleted that.

        https://developers.pipedrive.com/docs/api/v1/Leads#convertLeadToDeal
        """
        path = f"/leads/{quote(lead, safe='')}/convert"
        try:
            job = self._wire.ask("POST", "v2", f"{path}/deal", place)
        except Rejected as error:
            if error.status in GONE:
                return None
            if error.status == CONFLICT:
                raise Unavailable(CONVERTING, code="converting", status=CONFLICT) from error
            raise
        job_id = quote(str(job.get("conversion_id") or ""), safe="")
        done = self._wire.ask("GET", "v2", f"{path}/status/{job_id}")
        if not done.get("deal_id"):
            raise Unavailable(CONVERTING, code=str(done.get("status") or "converting"))
        return {"id": done["deal_id"], "status": OPEN, **place}

    def _told(self, deal: Mapping[str, Any], key: str, stage: str) -> Part:
        """Have it say whose it is, and the stage that ours is in."""
        identity, code = str(id_of(deal)), self._wire.code(DEAL)
        changes: dict[str, Any] = {}
        if (deal.get("custom_fields") or {}).get(code) != key:
            changes["custom_fields"] = {code: key}
        if stage in CLOSED:
            changes |= {"status": stage} if deal.get("status") != stage else {}
        else:
            place = self._place(stage)
            is_there = place.items() <= dict(deal).items() and deal.get("status") == OPEN
            changes |= {} if is_there else {**place, "status": OPEN}
        if changes:
            self._wire.ask("PATCH", "v2", f"/deals/{quote(identity, safe='')}", changes)
        return Part(identity, stage)

    def _place(self, stage: str) -> dict[str, Any]:
        """One that is won was last where the proposal is."""
        found = self._stages().id_of("proposal" if stage in CLOSED else stage)
        return {"stage_id": found} if found is not None else {}

    def _stages(self) -> Places:
        """Of the company's pipeline, or the first. https://developers.pipedrive.com/docs/api/v1/Stages"""
        if self._places is None:
            lines = sorted(self._wire.rows("v2", "/pipelines"), key=_order)
            wanted = str(self._config.get("pipeline") or "").strip().casefold()
            named = [row for row in lines if str(row.get("name")).strip().casefold() == wanted]
            rows: Sequence[dict[str, Any]] = []
            if named or lines:
                params = {"pipeline_id": str((named or lines)[0].get("id"))}
                rows = sorted(self._wire.rows("v2", "/stages", params), key=_order)
            self._places = places(
                [(row["id"], str(row.get("name") or "")) for row in rows if row.get("id")],
                chosen=chosen_stages(str(self._config.get("stages") or "")),
                stages=self._from or FROM["qualified"],
            )
        return self._places

    # -- the lead and the note

    def _lead(self, record: Upsert, person: str, organisation: int | None) -> str:
        if found := self._lead_of(person):
            return found
        made: dict[str, Any] = {"title": title_of(record), "person_id": int(person)}
        if organisation is not None:
            made["organization_id"] = organisation
        return str(id_of(self._wire.ask("POST", "v1", "/leads", made)))

    def _lead_of(self, person: str) -> str:
        params = {"person_id": person, "limit": "1"}
        found = [each.get("id") for each in self._wire.rows("v1", "/leads", params)]
        return str(found[0]) if found and found[0] else ""

    def _note_of(self, record: Upsert, ids: Ids, deal: str) -> str:
        """Ours on this lead or deal: its answer may have been lost."""
        params = {"deal_id": deal} if deal else {"lead_id": ids.lead}
        for each in self._wire.rows("v1", "/notes", {**params, "limit": OF_ONE}):
            if mark_of(record) in str(each.get("content") or ""):
                return str(id_of(each))
        return ""


def _order(row: Mapping[str, Any]) -> int:
    found = row.get("order_nr")
    return found if isinstance(found, int) else 0


def _moment(deal: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of these times that it has."""
    found = (answers.moment(deal.get(name)) for name in names)
    return next((at for at in found if at is not None), None)
