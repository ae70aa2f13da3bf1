"""Leads out of a file: looked at first, then taken line by line, each wholly or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_noop as _

from channels_app.models import Contact
from leads import tables
from leads.models import LeadImport
from leads.services.duplicates import find_lead
from leads.services.ledger import locked_new_lead, settle
from leads.services.stages import columns
from leads.services.tags import change_tags, make_tag
from leads.services.understanding import correct_facts
from leads.services.work import assign_owner, set_stage
from leads.tables import Row
from tenants import live
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.ringing import ring_now

State = LeadImport.State
BATCH = 100
SHOWN = 5
MOST_FAULTS = 200
RING_AGAIN_AFTER = timedelta(minutes=2)
SAID = {
    "too_big": _("The file is too big."),
    "not_text": _("This is no CSV file. Save the sheet as CSV first."),
    "not_a_table": _("The file cannot be read as a table."),
    "no_header": _("The first line must name the columns."),
    "no_rows": _("The file has no lines below the first."),
    "too_many_rows": _("The file has too many lines. Split it."),
    "too_many_columns": _("The file has too many columns."),
    "too_long": _("The text is too long."),
    "no_email": _("This is no e-mail address."),
    "no_phone": _("This is no phone number."),
    "nobody": _("Neither e-mail nor phone: nobody could be found again."),
    "unknown": _("We have nothing of this name."),
    "changed": _("What it names was changed meanwhile."),
    "busy": _("Another file is being imported. Wait until it is through."),
    "no_column": _("Say which column is the e-mail address or the phone number."),
    "twice": _("Two columns cannot be the same field."),
}


class ImportRefused(ValueError):
    """It cannot be; ``SAID[code]`` tells people why."""

    def __init__(self, code: str) -> None:
        super().__init__(SAID[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Looked:
    """What would come of a file, before anything is written."""

    sample: Sequence[Row]
    good: int
    faults: Sequence[tuple[int, str, str]]
    bad: int


@transaction.atomic
def upload(*, file_name: str, content: bytes, actor: str) -> LeadImport:
    """Keep a file to be looked at; raises ImportRefused where it is no table."""
    try:
        text = tables.decode(content)
        header, rows = tables.read(text)
    except tables.NoTable as error:
        raise ImportRefused(error.code) from error
    made = LeadImport.objects.create(
        file_name=file_name[:120],
        content=text,
        header=header,
        mapping=tables.guess(header),
        rows=sum(map(bool, rows)),
        actor=actor,
    )
    record(action="leads.import_uploaded", subject=f"import:{made.pk}", actor=actor)
    return made


def look(order: LeadImport) -> Looked:
    """Every line as it would be taken; nothing is written."""
    sample: list[Row] = []
    faults: list[tuple[int, str, str]] = []
    good = bad = 0
    for row in _rows(order):
        if len(sample) < SHOWN:
            sample.append(row)
        if row.faults:
            bad += 1
            faults += [(row.number, field, code) for field, code in row.faults]
        else:
            good += 1
    return Looked(sample, good, faults[:MOST_FAULTS], bad)


@transaction.atomic
def remap(*, order: LeadImport, mapping: Sequence[str]) -> LeadImport:
    """Read the columns otherwise."""
    held = _held(order, State.DRAFT)
    known = {tables.SKIP, *tables.FIELDS, *tables.OWN}
    wanted = [field if field in known else tables.SKIP for field in mapping]
    wanted = [*wanted, *[tables.SKIP] * len(held.header)][: len(held.header)]
    used = [field for field in wanted if field]
    if len(set(used)) != len(used):
        raise ImportRefused("twice")
    held.mapping = wanted
    held.save(update_fields=["mapping"])
    return held


def start(*, order: LeadImport, actor: str) -> LeadImport:
    """Begin; a worker takes the lines. One file at a time: two could make one person twice."""
    if not {"email", "phone"} & set(order.mapping):
        raise ImportRefused("no_column")
    try:
        with transaction.atomic():
            held = _held(order, State.DRAFT)
            held.state, held.actor, held.moved_at = State.RUNNING, actor, timezone.now()
            held.save(update_fields=["state", "actor", "moved_at"])
            _ring(held.pk)
            record(action="leads.import_started", subject=f"import:{held.pk}", actor=actor)
    except IntegrityError as error:
        raise ImportRefused("busy") from error
    return held


@transaction.atomic
def discard(*, order: LeadImport, actor: str) -> None:
    """Put a file away unread."""
    held = _held(order, State.DRAFT)
    held.state, held.content = State.DISCARDED, ""
    held.save(update_fields=["state", "content"])
    record(action="leads.import_discarded", subject=f"import:{held.pk}", actor=actor)


def import_next(*, import_id: int) -> None:
    """The next lines of a running import; run twice or stopped anywhere, each is taken once."""
    order = LeadImport.objects.filter(pk=import_id, state=State.RUNNING).first()
    if order is None:
        return
    waiting = [row for row in _rows(order) if row.number > order.at_row]
    for row in waiting[:BATCH]:
        _take(order.pk, row)
    if len(waiting) > BATCH:
        ring_now("upkeep", "import_leads", import_id)
    else:
        _finish(order.pk)


def ring_stuck_imports() -> dict[str, int]:
    """Ring for what was begun and stands still."""
    stuck = LeadImport.objects.filter(
        state=State.RUNNING, moved_at__lt=timezone.now() - RING_AGAIN_AFTER
    )
    found = list(stuck.values_list("pk", flat=True))
    for pk in found:
        ring_now("upkeep", "import_leads", pk)
    return {"imports": len(found)} if found else {}


@transaction.atomic
def _take(import_id: int, row: Row) -> None:
    order = LeadImport.objects.select_for_update().get(pk=import_id)
    if order.state != State.RUNNING or order.at_row >= row.number:
        return  # another worker was faster
    if row.faults:
        order.refused += 1
        room = MOST_FAULTS - len(order.faults)
        order.faults += [[row.number, *fault] for fault in row.faults][: max(0, room)]
    else:
        try:
            with transaction.atomic():
                came = _bring(row, order.actor, f"Imported from {order.file_name}")
        except ValidationError:  # since we looked: a stage, an owner, too many tags
            came, order.faults = "refused", [*order.faults, [row.number, "", "changed"]]
        setattr(order, came, getattr(order, came) + 1)
    order.at_row, order.moved_at = row.number, timezone.now()
    fields = ["made", "changed", "unchanged", "refused", "faults", "at_row", "moved_at"]
    order.save(update_fields=fields)


def _bring(row: Row, actor: str, reason: str) -> str:
    """Make or change one lead; says which."""
    contact = find_lead(email=row.values.get("email", ""), phone=row.values.get("phone", ""))
    is_new = contact is None
    if contact is None:
        known = {name: row.values.get(name, "") for name in ("name", "email", "phone")}
        contact = Contact.objects.create(**known)
    lead = locked_new_lead(contact=contact)
    is_new = is_new or not lead.version
    version = lead.version
    facts = {name: row.values[name] for name in tables.FIELDS if name in row.values}
    differing = {name: text for name, text in facts.items() if lead.facts.get(name) != text}
    if differing:
        lead = correct_facts(lead=lead, facts=differing, actor=actor)
    if stage := row.values.get("stage"):
        lead = set_stage(
            lead=lead, stage=_stages().get(stage.casefold(), stage), actor=actor, reason=reason
        )
    if owner := row.values.get("owner"):
        person = User.objects.filter(email__iexact=owner, is_active=True).first()
        lead = assign_owner(lead=lead, owner=person, actor=actor, reason=reason)
    if tags := row.values.get("tags"):
        names = [name for name in tags.replace(";", ",").split(",") if name.strip()]
        wanted = [make_tag(name=name, actor=actor) for name in names]
        lead = change_tags(lead=lead, add=wanted, actor=actor, reason=reason)
    if not lead.version:
        settle(lead=lead, changes=[], actor=actor, reason=reason)
    return "made" if is_new else "changed" if lead.version != version else "unchanged"


@transaction.atomic
def _finish(import_id: int) -> None:
    order = LeadImport.objects.select_for_update().get(pk=import_id)
    if order.state != State.RUNNING:
        return
    order.state, order.content = State.DONE, ""
    order.save(update_fields=["state", "content"])
    live.publish("leads_imported", order=order.pk, made=order.made, changed=order.changed)
    numbers = {"made": order.made, "changed": order.changed, "refused": order.refused}
    subject = f"import:{order.pk}"
    record(action="leads.imported", subject=subject, actor=order.actor, details=numbers)


def _rows(order: LeadImport) -> Sequence[Row]:
    try:
        _header, lines = tables.read(order.content)
    except tables.NoTable:  # emptied when it was through
        return []
    return list(tables.rows_of(lines, order.mapping, stages=_stages(), owners=_owners()))


def _stages() -> dict[str, str]:
    """By key and by name in every language of ours, as a file may say any."""
    found: dict[str, str] = {}
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            found |= {column.name.casefold(): column.key for column in columns()}
    return found | {column.key: column.key for column in columns()}


def _owners() -> dict[str, int]:
    people = User.objects.filter(is_active=True)
    return {person.email.casefold(): person.pk for person in people}


def _held(order: LeadImport, state: str) -> LeadImport:
    return LeadImport.objects.select_for_update().get(pk=order.pk, state=state)


def _ring(import_id: int) -> None:
    transaction.on_commit(partial(ring_now, "upkeep", "import_leads", import_id))
