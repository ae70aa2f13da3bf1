"""What both sides have in one field, and who is right where they differ. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from crm.providers.base import Field

OWNER = "owner"  # heard of, and never sent: the CRM knows its people by ids of its own
# What somebody there may know better than we do; anything else is worked out here.
PULLED = {"name", "first_name", "last_name", "email", "phone", "stage", OWNER}
FACT = "fact:"


class Policy(StrEnum):
    """Who wins where both have changed a field since they last agreed."""

    OURS = "ours"
    THEIRS = "theirs"
    NEWEST = "newest"
    ASK = "ask"


class Verdict(StrEnum):
    """What follows from what is there: ours goes there, theirs comes here, or a person says."""

    SAME = "same"
    OURS = "ours"
    THEIRS = "theirs"
    ASK = "ask"


USUAL = {"stage": Policy.NEWEST, OWNER: Policy.NEWEST}


@dataclass(frozen=True, slots=True)
class Rule:
    """A field, and who wins in it."""

    field: Field
    policy: Policy = Policy.OURS

    @property
    def is_asked(self) -> bool:
        """Whether what is there matters before we write over it."""
        return self.policy is not Policy.OURS and is_pulled(self.field.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of one lead at one CRM, as far as we know."""

    source: str = ""
    ours: str = ""
    theirs: str = ""
    synced: str = ""  # what both had when they last agreed
    synced_at: str = ""
    winner: str = ""  # whose value it was

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Entry":
        return cls(**{name: str(kept.get(name) or "") for name in cls.__slots__})

    def kept(self) -> dict[str, str]:
        return asdict(self)


def is_pulled(source: str) -> bool:
    return source in PULLED or source.startswith(FACT)


def rules_of(rows: Iterable[Mapping[str, Any]], usual: Iterable[Field]) -> tuple[Rule, ...]:
    """The company's own choice; where it has made none, what the plug-in has always sent."""
    chosen = [
        Rule(
            Field(
                str(row["target"]),
                str(row["source"]),
                str(row.get("kind") or "text"),
                int(row.get("max_length") or 0),
                tuple(row.get("choices") or ()),
            ),
            Policy(row.get("policy") or Policy.OURS),
        )
        for row in rows
    ]
    rules = chosen or [Rule(one, USUAL.get(one.source, Policy.OURS)) for one in usual]
    if not any(rule.field.source == OWNER for rule in rules):
        rules.append(Rule(Field("", OWNER), USUAL[OWNER]))
    return tuple(rules)


def judge(
    entry: Entry | None,
    *,
    ours: str,
    theirs: str,
    policy: Policy,
    ours_at: datetime | None = None,
    theirs_at: datetime | None = None,
) -> Verdict:
    """Nothing on either side is no news: an empty field wipes nobody's."""
    if not theirs.strip():
        return Verdict.OURS
    if is_same(ours, theirs):
        return Verdict.SAME
    if policy is Policy.OURS or (entry is not None and is_same(theirs, entry.synced)):
        return Verdict.OURS
    if policy is Policy.THEIRS or not ours.strip():
        return Verdict.THEIRS
    if entry is not None and is_same(ours, entry.synced):
        return Verdict.THEIRS  # only they have changed it
    if policy is Policy.ASK:
        return Verdict.ASK
    if theirs_at is None or (ours_at is not None and ours_at >= theirs_at):
        return Verdict.OURS
    return Verdict.THEIRS


def is_same(one: str, other: str) -> bool:
    """Spaces and capitals are no difference to people; nor is how a number is written."""
    return _plain(one) == _plain(other)


def _plain(value: str) -> str:
    text = " ".join(value.split()).casefold()
    digits = "".join(each for each in text if each.isdigit())
    is_number = len(digits) >= 6 and all(each in "0123456789+-() ./" for each in text)
    return digits if is_number else text
