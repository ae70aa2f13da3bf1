"""A company's own intents: kept by admins, found in messages by their examples.

Where a company has none, nothing is asked and nothing is done. What a process knows of them is
remembered under the word in the company's profile that each change changes.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from agents.models import OwnIntent
from agents.offline.own_intents import Example, Match, OwnIntents
from agents.prompts import OwnKind
from agents.schemas import Intent
from knowledge.services import embed_locally
from tenants import context
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile

MOST = 40
MOST_EXAMPLES, LEAST_EXAMPLES, LONGEST_EXAMPLE = 30, 2, 300


@dataclass(frozen=True, slots=True)
class Known:
    """A company's intents as a process keeps them."""

    finder: OwnIntents
    kinds: tuple[OwnKind, ...] = ()
    owners: dict[str, int] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(kind.key for kind in self.kinds)


_NONE = Known(OwnIntents([]))


def own_intents_of(ours: Profile) -> Known:
    """What this company's messages may be about besides our own intents."""
    if not ours.own_intents:
        return _NONE
    return _known(context.schema(), ours.own_intents)


@lru_cache(maxsize=500)
def _known(schema: str, revision: int) -> Known:
    rows = list(OwnIntent.objects.filter(is_active=True))
    texts = [(row.key, text) for row in rows for text in row.examples]
    vectors = list(embed_locally([text for _key, text in texts])) if texts else []
    examples = [
        Example(key, text, list(vector)) for (key, text), vector in zip(texts, vectors, strict=True)
    ]
    return Known(
        OwnIntents(examples),
        tuple(OwnKind(row.key, row.name, row.description) for row in rows),
        {row.key: row.owner_id for row in rows if row.owner_id},
    )


def match_own_intent(ours: Profile, text: str) -> Match | None:
    """The company's intent that a message is nearest to; no model is asked."""
    known = own_intents_of(ours)
    if not known.finder.keys or not text.strip():
        return None
    return known.finder.match(text, list(embed_locally([text])[0]))


def chosen(ours: Profile, text: str, named: str) -> str:
    """The intent by its examples where they are sure, else the one the model ``named``."""
    known = own_intents_of(ours)
    if not known.kinds:
        return ""
    near = match_own_intent(ours, text)
    if near is not None and near.is_sure:
        return near.key
    if named in known.keys:
        return named
    return ""


@transaction.atomic
def save_intent(
    *,
    intent: OwnIntent | None = None,
    name: str,
    examples: Sequence[str],
    description: str = "",
    team: str = "",
    owner: User | None = None,
    is_active: bool = True,
    actor: str,
) -> OwnIntent:
    """Keep a new intent or a changed one; the next message may have it. Raises ValidationError."""
    made = intent or OwnIntent(key=_free_key(name))
    made.name, made.description = name.strip(), description.strip()
    made.examples = _checked(examples)
    made.team, made.owner, made.is_active = team.strip(), owner, is_active
    if intent is None and OwnIntent.objects.count() >= MOST:
        raise ValidationError(_("A company has at most %(count)d intents.") % {"count": MOST})
    made.full_clean()
    made.save()
    _changed(actor)
    _record("intent.saved", made, actor, examples=len(made.examples))
    return made


@transaction.atomic
def remove_intent(*, intent: OwnIntent, actor: str) -> None:
    """Messages have it no more; what was found in earlier ones stays."""
    pk = intent.pk
    intent.delete()
    _changed(actor)
    intent.pk = pk
    _record("intent.removed", intent, actor)


def _changed(actor: str) -> None:
    has_some = OwnIntent.objects.filter(is_active=True).exists()
    change_profile(actor=actor, own_intents=secrets.randbelow(2**62) + 1 if has_some else 0)


def _checked(examples: Sequence[str]) -> list[str]:
    texts = list(dict.fromkeys(" ".join(text.split()) for text in examples if text.strip()))
    if len(texts) < LEAST_EXAMPLES:
        raise ValidationError({"examples": _("Give at least two examples.")})
    if len(texts) > MOST_EXAMPLES:
        raise ValidationError(
            {"examples": _("Give at most %(count)d examples.") % {"count": MOST_EXAMPLES}}
        )
    if any(len(text) > LONGEST_EXAMPLE for text in texts):
        raise ValidationError({"examples": _("An example is a message, not a page.")})
    return texts


def _free_key(name: str) -> str:
    """A key from the name that no intent has, neither the company's nor ours."""
    base = slugify(name).replace("-", "_").strip("_")[:30]
    base = base if base[:1].isalpha() else f"intent_{base}".rstrip("_")
    taken = {*OwnIntent.objects.values_list("key", flat=True), *Intent, "any"}
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return key


def _record(action: str, intent: OwnIntent, actor: str, **details: Any) -> None:
    record(action=action, subject=f"intent:{intent.pk}", actor=actor, details=details)
