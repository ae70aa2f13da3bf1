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
    "canary_door": Kind(
        gettext_noop("A test event could not be brought to our own address %(url)s: %(said)s"),
        gettext_noop(
            "See that the web server runs and that the public address leads to it. If only this"
            " server cannot reach it, have the operator set DOOR_URL."
        ),
    ),
    "canary_unknown": Kind(
        gettext_noop("Our webhook address is switched off: it answers %(status)s."),
        gettext_noop("Disconnect this channel and connect it anew, which gives it an address."),
    ),
    "canary_refused": Kind(
        gettext_noop("The secret is wrong: our door refuses what is signed with it (%(status)s)."),
        gettext_noop(
            "Enter the secret again. If it stays: web server and workers have different keys or"
            " clocks, or a proxy before us changes what is posted."
        ),
    ),
    "canary_not_kept": Kind(
        gettext_noop("A test event reached our web server and was not kept: HTTP %(status)s."),
        gettext_noop("See whether the database answers: /readyz says it, the web log why."),
    ),
    "canary_astray": Kind(
        gettext_noop("Our door took a test event, and it did not reach this channel."),
        gettext_noop("Sign in at the network again, so that the account is known to be yours."),
    ),
    "canary_unread": Kind(
        gettext_noop("A test event came in and could not be read: %(said)s"),
        gettext_noop("Tell whoever runs this server: this is a fault of ours."),
    ),
    "canary_no_queue": Kind(
        gettext_noop("The queue (Redis) does not answer: what comes in is kept, and not read."),
        gettext_noop("Start Redis again; what was kept is read by itself then."),
    ),
    "canary_no_worker": Kind(
        gettext_noop("No worker runs: what comes in is kept, and not read."),
        gettext_noop("Start the workers again; what was kept is read by itself then."),
    ),
    "canary_queue": Kind(
        gettext_noop("The queue is stuck: %(count)s items wait, and a test event was not read."),
        gettext_noop("See what the workers are busy with, or start more; nothing is lost."),
    ),
    "canary_stuck": Kind(
        gettext_noop("A test event was kept and never read to its end (%(count)s tries)."),
        gettext_noop("Look into the workers' log; it is tried again by itself."),
    ),
    "canary_slow": Kind(
        gettext_noop("A test event took %(seconds)s seconds to be read."),
        gettext_noop("See what the workers are busy with, or start more."),
    ),
    "canary_poll": Kind(
        gettext_noop("Looking for news failed %(count)s times, and we wait before the next look."),
        gettext_noop("Mend what is named above; what was missed is fetched then."),
    ),
    "canary_poll_failed": Kind(
        gettext_noop("A look for news failed: %(said)s"),
        gettext_noop("It is tried again by itself. If it lasts, mend what is named above."),
    ),
    "canary_unsigned": Kind(
        gettext_noop("No test event was sent: only the network itself can sign one."),
        gettext_noop("Write a message to this account yourself and see whether it shows."),
    ),
    "canary_unvouched": Kind(
        gettext_noop("No test event was sent: without an identity secret nobody is vouched for."),
        gettext_noop("Write a message in the chat yourself and see whether it shows."),
    ),
    "no_website": Kind(
        gettext_noop("No website is named and no secret is set: nobody can write here."),
        gettext_noop("Name the websites it stands on, or set a secret for your own server."),
    ),
    "refused": Kind(
        gettext_noop(
            "%(count)s webhooks of the last day were refused: they are signed with another secret."
        ),
        gettext_noop("Enter the secret that the network shows; it repeats what was refused."),
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
