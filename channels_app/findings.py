"""What can be wrong with a connection: named causes, each with a sentence and what to do.

A finding is kept as its code and its particulars; the words are chosen when somebody reads it,
in their language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

MAX_PARTICULAR = 200


class Severity(StrEnum):
    """How bad it is: nothing works, part of it does not (or soon will not), good to know."""

    BAD = "bad"
    WARNING = "warning"
    INFO = "info"


WEIGHT = {Severity.BAD: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Kind:
    """The words for a cause. Holes are the finding's particulars."""

    text: str
    fix: str


KINDS: dict[str, Kind] = {
    "credentials": Kind(
        gettext_noop("The network does not take our access any more: %(said)s"),
        gettext_noop("Sign in at the network again, or enter a fresh token."),
    ),
    "wrong_account": Kind(
        gettext_noop("The access we hold belongs to another account (%(found)s)."),
        gettext_noop("Sign in as somebody who manages this account, or enter its own token."),
    ),
    "token_ended": Kind(
        gettext_noop("Our access ended on %(date)s."),
        gettext_noop("Sign in at the network again, or enter a fresh token."),
    ),
    "token_ends": Kind(
        gettext_noop("Our access ends on %(date)s and does not renew itself."),
        gettext_noop("Sign in again before that day; nothing is lost in between."),
    ),
    "data_access_ends": Kind(
        gettext_noop("The network stops showing us people's data on %(date)s."),
        gettext_noop("Sign in again before that day: the network asks for it every ninety days."),
    ),
    "scope": Kind(
        gettext_noop("The permission %(scope)s is missing. %(breaks)s"),
        gettext_noop("Sign in again and leave this permission ticked."),
    ),
    "not_subscribed": Kind(
        gettext_noop("The network is not told to send us webhooks: nothing comes in."),
        gettext_noop("Check again: we have just asked for them. If it stays, connect it anew."),
    ),
    "fields": Kind(
        gettext_noop("The network does not send us everything: %(fields)s is missing."),
        gettext_noop("Subscribe to these fields at the network, or sign in again."),
    ),
    "webhook_url": Kind(
        gettext_noop("The network sends its webhooks to another address: %(url)s"),
        gettext_noop("Enter our webhook address at the network, or connect it anew here."),
    ),
    "webhook_failing": Kind(
        gettext_noop("The network's last try to reach us failed: %(said)s"),
        gettext_noop("See that our public address is reachable from the internet over HTTPS."),
    ),
    "webhook_waiting": Kind(
        gettext_noop("%(count)s updates wait at the network to be taken."),
        gettext_noop("See that our public address answers; the network delivers what waits."),
    ),
    "webhook_invalid": Kind(
        gettext_noop("The network has switched our webhook address off."),
        gettext_noop("See that our public address answers, then check again."),
    ),
    "no_secret": Kind(
        gettext_noop("We do not know what this network signs with: its webhooks are refused."),
        gettext_noop("Enter the app secret, or have the operator enter our app there."),
    ),
    "not_verified": Kind(
        gettext_noop("The network has not shown that this account is yours: nothing comes in."),
        gettext_noop("Sign in at the network, or enter a token of this very account."),
    ),
    "number_status": Kind(
        gettext_noop("The network says of this number: %(status)s"),
        gettext_noop("Open the number in WhatsApp Manager and finish what it asks for."),
    ),
    "number_quality": Kind(
        gettext_noop("The network rates what this number sends as %(quality)s."),
        gettext_noop("Send less that nobody asked for; a bad rating lowers how many you reach."),
    ),
    "account_status": Kind(
        gettext_noop("The account is %(status)s."),
        gettext_noop("Mend it at the network; until then nothing goes out."),
    ),
    "no_role": Kind(
        gettext_noop("Whoever signed in does not administer this page any more."),
        gettext_noop("Sign in as an administrator of the page."),
    ),
    "mail_in": Kind(
        gettext_noop("The mailbox cannot be read: %(said)s"),
        gettext_noop("Check the IMAP server, the user and the password, or sign in again."),
    ),
    "mail_out": Kind(
        gettext_noop("No letter can be sent: %(said)s"),
        gettext_noop("Check the SMTP server, the user and the password, or sign in again."),
    ),
    "no_answer": Kind(
        gettext_noop("The network could not be asked: %(said)s"),
        gettext_noop("We ask again by ourselves. If it lasts, look at the network's status page."),
    ),
    "poll_late": Kind(
        gettext_noop("We last looked for news %(minutes)s minutes later than planned."),
        gettext_noop("See that the workers run; the network's own limits may slow us, too."),
    ),
    "poll_failing": Kind(
        gettext_noop("Looking for news failed %(count)s times in a row."),
        gettext_noop("Mend what is named above; what was missed is fetched then."),
    ),
    "sends_failed": Kind(
        gettext_noop("%(count)s messages of the last day were not sent. Most often: %(said)s"),
        gettext_noop("Open them in the dead letters and send them again once the cause is gone."),
    ),
    "items_rejected": Kind(
        gettext_noop("%(count)s items of the last day could not be read. Most often: %(said)s"),
        gettext_noop("Open them in the dead letters; they can be read again."),
    ),
    "quiet": Kind(
        gettext_noop("Nothing has come in for %(days)s days."),
        gettext_noop("Write a message to this account yourself and see whether it shows."),
    ),
    "never": Kind(
        gettext_noop("Nothing has come in since it was connected."),
        gettext_noop("Write a message to this account yourself and see whether it shows."),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause by its code (``scope:pages_messaging``), how bad it is, and its particulars."""

    code: str
    severity: Severity = Severity.BAD
    params: Mapping[str, str] = field(default_factory=dict)
    link: str = ""

    @property
    def kind(self) -> Kind:
        return KINDS[self.code.partition(":")[0]]

    @property
    def text(self) -> str:
        told = dict(self.params)
        if "breaks" in told:
            told["breaks"] = _(told["breaks"])
        return _(self.kind.text) % told

    @property
    def fix(self) -> str:
        return _(self.kind.fix)

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": str(self.severity),
            "params": dict(self.params),
            "link": self.link,
        }


def finding(
    code: str, severity: Severity = Severity.BAD, *, link: str = "", **params: object
) -> Finding:
    """A finding whose particulars, often a network's own words, are cut to what a line holds."""
    told = {name: str(value)[:MAX_PARTICULAR] for name, value in params.items()}
    return Finding(code, severity, told, link)


def of_json(value: Mapping[str, Any]) -> Finding | None:
    """A kept finding; None where its cause has no words any more."""
    code = str(value.get("code", ""))
    if code.partition(":")[0] not in KINDS:
        return None
    params = value.get("params")
    return Finding(
        code,
        Severity(value.get("severity", Severity.WARNING)),
        params if isinstance(params, dict) else {},
        str(value.get("link", "")),
    )


def by_weight(findings: list[Finding]) -> list[Finding]:
    """The worst first, each cause once."""
    once = {each.code: each for each in findings}
    return sorted(once.values(), key=lambda each: WEIGHT[each.severity])
