"""The company's pipeline: how its stages are called, their order, and its own ones among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from leads import pipeline
from leads.models import Lead, Stage
from tenants.audit.services import record
from tenants.moments import Memory

BUILT_IN = {key: str(label) for key, label in Lead.Stage.choices}


@dataclass(frozen=True, slots=True)
class Column:
    """One stage as a company has it; without a name of its own it has the built-in one."""

    key: str
    own_name: str = ""
    is_shown: bool = True

    @property
    def name(self) -> str:
        return self.own_name or gettext(BUILT_IN.get(self.key, self.key))

    @property
    def base(self) -> str:
        return pipeline.counts_as(self.key)

    @property
    def is_closed(self) -> bool:
        return pipeline.is_closed(self.key)

    @property
    def is_own(self) -> bool:
        return self.key not in pipeline.STAGES


STANDARD = tuple(Column(key) for key in pipeline.STAGES)


def _read() -> tuple[Column, ...]:
    rows = [Column(row.key, row.name, row.is_shown) for row in Stage.objects.all()]
    kept = {column.key for column in rows}
    return (*rows, *(column for column in STANDARD if column.key not in kept))


# Every stage in order, hidden ones as well; remembered by a process for a few seconds.
columns = Memory(_read)
_forget = columns.forget  # where a parameter is called ``columns`` too


def stage_name(key: str) -> str:
    """What the company calls this stage, in the reader's language where the name is ours."""
    named = {column.key: column for column in columns()}
    return (named.get(key) or Column(key)).name


def check_stage(key: str) -> None:
    """Refuse a stage the company has not got, naming those it has."""
    keys = [column.key for column in columns()]
    if key not in keys:
        # Another process may have made it a moment ago.
        columns.forget()
        keys = [column.key for column in columns()]
    if key not in keys:
        raise ValidationError({"stage": f"Choose one of: {', '.join(keys)}."})


@transaction.atomic
def arrange_stages(
    *, columns: Sequence[Column], added: Sequence[tuple[str, str]] = (), actor: str
) -> None:
    """Put the stages into this order under these names, and add own ones: (name, counts as).

    None is ever removed: leads and their history keep its key. It is hidden instead, once no
    lead stands there.
    """
    rows = {row.key: row for row in Stage.objects.select_for_update()}
    for key in pipeline.STAGES:
        rows.setdefault(key, Stage(key=key))
    _refuse_what_cannot_be(columns, added, rows)
    for place, column in enumerate(columns):
        row = rows[column.key]
        row.name, row.is_shown = column.own_name.strip(), column.is_shown
        row.position = place
    place = len(columns)
    for name, base in added:
        key = pipeline.next_key(base, rows)
        rows[key] = Stage(key=key, name=name.strip(), position=place)
        place += 1
    for row in rows.values():
        row.save()
    _forget()
    record(action="lead.stages_arranged", subject="stages", actor=actor, details={"n": len(rows)})


def _refuse_what_cannot_be(
    columns: Sequence[Column], added: Sequence[tuple[str, str]], rows: dict[str, Stage]
) -> None:
    if {column.key for column in columns} != set(rows):
        raise ValidationError(_("The stages were changed meanwhile. Look again."))
    if len(rows) + len(added) > pipeline.MOST_STAGES:
        raise ValidationError(_("There are as many stages as there can be."))
    names = [column.name.strip().casefold() for column in columns]
    names += [name.strip().casefold() for name, _base in added]
    if len(set(names)) != len(names):
        raise ValidationError(_("Two stages have the same name."))
    if any(base not in pipeline.STAGES for _name, base in added):
        raise ValidationError(_("Say what the stage counts as."))
    if not any(column.is_shown and not column.is_closed for column in columns):
        raise ValidationError(_("One open stage must be shown."))
    hidden = [column.key for column in columns if not column.is_shown]
    if Lead.Stage.NEW in hidden:
        raise ValidationError(_("Every lead begins in the first stage: it stays."))
    if Lead.objects.filter(stage__in=hidden).exists():
        raise ValidationError(_("Leads stand in a stage that was to be hidden. Move them first."))
