"""What a sign-in brought, and connecting what was chosen of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from channels_app.models import ChannelConnection, SignInAttempt
from channels_app.providers import CHANNELS
from channels_app.scopes import Scope, missing
from channels_app.services.connections import SignedIn, connect
from channels_app.sign_ins import SIGN_INS
from tenants import context
from tenants.models import WebhookRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One account that came, and whether it can be connected here."""

    number: int
    platform: str
    label: str
    account_id: str
    name: str
    note: str
    is_known: bool  # this company has it connected already: its access is renewed
    is_taken: bool  # another company has it
    is_meant: bool  # the one whose reconnection was asked for
    lacks: tuple[Scope, ...]
    works_without: tuple[Scope, ...]

    @property
    def can_be_chosen(self) -> bool:
        return not self.is_taken and not self.lacks


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of a choice: what is connected now, and why the rest is not."""

    connected: tuple[ChannelConnection, ...]
    refused: tuple[tuple[str, str], ...]


def offers_of(attempt: SignInAttempt) -> list[Offer]:
    """The accounts that came, those of the platform that was asked for first."""
    accounts: list[dict[str, Any]] = attempt.accounts
    own = {(c.platform, c.account_id) for c in ChannelConnection.objects.filter(is_active=True)}
    taken = _taken(accounts)
    meant = attempt.connection
    found = []
    for number, account in enumerate(accounts):
        key = (account["platform"], account["account_id"])
        lacking = missing(account["platform"], attempt.kind, account["scopes"])
        lacks = tuple(scope for scope in lacking if scope.is_required)
        if lacks and account["platform"] != attempt.platform:
            continue  # it only came along: nobody was asked for what it needs
        found.append(
            Offer(
                number=number,
                platform=account["platform"],
                label=CHANNELS.label(account["platform"]),
                account_id=account["account_id"],
                name=account["name"],
                note=account["note"],
                is_known=key in own,
                is_taken=key in taken,
                is_meant=meant is not None and key == (meant.platform, meant.account_id),
                lacks=lacks,
                works_without=tuple(scope for scope in lacking if not scope.is_required),
            )
        )
    return sorted(found, key=lambda offer: (not offer.is_meant, offer.platform != attempt.platform))


def obvious(attempt: SignInAttempt, offers: Collection[Offer]) -> list[int]:
    """What need not be asked: the account that was meant, or the only one there is."""
    if terms_of(attempt):
        return []
    if attempt.connection_id is not None:
        return [offer.number for offer in offers if offer.is_meant and offer.can_be_chosen]
    only = [offer for offer in offers if offer.platform == attempt.platform]
    if len(offers) == 1 and len(only) == 1 and only[0].can_be_chosen and not only[0].works_without:
        return [only[0].number]
    return []


@dataclass(frozen=True, slots=True)
class Terms:
    """What the company itself must tick before the account is used."""

    name: str
    label: str
    help_text: str


def terms_of(attempt: SignInAttempt) -> Terms | None:
    """The tick this platform asks for; None where there is none, or it was made before."""
    name = SIGN_INS.get(attempt.kind).terms
    before = attempt.connection
    if not name or (before is not None and before.config.get(name)):
        return None
    field = CHANNELS.get(attempt.platform).ConfigForm.base_fields[name]
    return Terms(name, str(field.label), str(field.help_text))


def choose(
    *, attempt: SignInAttempt, numbers: Collection[int], actor: str, accepts: bool = False
) -> Chosen:
    """Connect these accounts. The network itself said that they are the person's.

    ``accepts``: the terms, where there are any, were ticked.
    """
    terms = terms_of(attempt)
    if terms is not None and not accepts:
        return Chosen((), ((terms.label, terms.help_text),))
    ticked = {terms.name: True} if terms else {}
    connected: list[ChannelConnection] = []
    refused: list[tuple[str, str]] = []
    for offer in offers_of(attempt):
        if offer.number not in numbers:
            continue
        account = attempt.accounts[offer.number]
        if offer.lacks:
            names = ", ".join(scope.name for scope in offer.lacks)
            refused.append((offer.name, f"These permissions are missing: {names}."))
            continue
        try:
            connected.append(_connect(attempt, account, ticked, actor))
        except ValidationError as error:
            refused.append((offer.name, " ".join(error.messages)))
    if connected:
        SignInAttempt.objects.filter(pk=attempt.pk).update(
            state=SignInAttempt.State.DONE, accounts=[]
        )
    return Chosen(tuple(connected), tuple(refused))


def _connect(
    attempt: SignInAttempt, account: dict[str, Any], ticked: dict[str, bool], actor: str
) -> ChannelConnection:
    known = ChannelConnection.objects.filter(
        platform=account["platform"], account_id=account["account_id"]
    ).first()
    return connect(
        platform=account["platform"],
        account_id=account["account_id"],
        name=known.name if known else account["name"],
        config={**(known.config if known else {}), **account["config"], **ticked},
        actor=actor,
        vouched=True,
        signed_in=SignedIn(
            by=attempt.kind, scopes=tuple(account["scopes"]), seconds=account["seconds"]
        ),
    )


def _taken(accounts: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Those of them that another company has; which one, nobody is told."""
    others = WebhookRoute.objects.filter(
        account_id__in=[account["account_id"] for account in accounts]
    ).exclude(company=context.current_company())
    return set(others.values_list("platform", "account_id"))
