"""What people can be told of: each kind declared once, by the app that knows when it is true.

Apps declare theirs in their ``notices`` and call ``tell`` in the transaction that makes it true::

    ASSIGNED = declare(
        "assigned", label=_("A conversation is given to me"), title=_("A conversation is yours"),
        icon="person", place="channels_app:conversation",
        permission="channels_app.view_conversation",
    )
    tell(ASSIGNED, people=[assignee.pk], subject=conversation.pk, about=str(conversation))

A title names nobody: it is what locked screens show, and mailboxes that others read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_noop as _


class Mail(TextChoices):
    """When an e-mail says it, if it was not read by then."""

    NEVER = "never", _("No e-mail")
    SOON = "soon", _("Soon, if unread")
    DAILY = "daily", _("Once a day")


@dataclass(frozen=True, slots=True)
class Wish:
    """By which ways somebody wants to be told of a kind."""

    page: bool = True
    mail: Mail = Mail.NEVER
    push: bool = True

    @property
    def is_any(self) -> bool:
        return self.page or self.push or self.mail != Mail.NEVER

    def as_json(self) -> dict[str, Any]:
        return {"page": self.page, "mail": self.mail.value, "push": self.push}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice. ``place`` is the page of its subject; who may not open it is not told.

    ``has_mail`` is false where another e-mail of ours says it already.
    """

    name: str
    label: str | Promise
    title: str | Promise
    icon: str
    place: str
    permission: str
    usual: Wish = Wish()
    has_mail: bool = True

    def wish_in(self, wishes: Mapping[str, Any]) -> Wish:
        """What somebody wants whose wishes these are; what they never said is as usual."""
        said = wishes.get(self.name)
        if not isinstance(said, dict):
            return self.usual
        mail = said.get("mail") if self.has_mail else Mail.NEVER
        return Wish(
            page=bool(said.get("page", self.usual.page)),
            mail=Mail(mail) if mail in Mail.values else self.usual.mail,
            push=bool(said.get("push", self.usual.push)),
        )


_kinds: dict[str, Kind] = {}


def declare(name: str, **said: Any) -> Kind:
    """Make a kind known; ``said`` are its fields."""
    kind = _kinds[name] = Kind(name, **said)
    return kind


def kind_of(name: str) -> Kind | None:
    """``None`` for one of a former release."""
    return _kinds.get(name)


def catalogue() -> list[Kind]:
    """All there are, as declared: lower floors first."""
    return list(_kinds.values())
