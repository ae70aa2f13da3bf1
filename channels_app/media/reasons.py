"""Why a file is not here, and what can be done about it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence for people; ``can_retry`` where trying once more may help."""

    text: str | Promise
    can_retry: bool = True


REASONS = {
    "too_large": Reason(_("It is larger than we take in. Ask for a smaller one."), False),
    "empty": Reason(_("It was empty. Ask them to send it again."), False),
    "mismatch": Reason(_("It is not what it was announced as, so it was not kept."), True),
    "damaged": Reason(_("It arrived damaged.")),
    "quota": Reason(_("Your workspace has no room left for files. Delete some, then try again.")),
    "expired": Reason(_("The network keeps it no longer. Ask them to send it again.")),
    "forbidden": Reason(_("Its address leads to a place that we do not visit."), False),
    "credentials": Reason(_("The channel's access was refused. Reconnect it, then try again.")),
    "unreachable": Reason(_("The network did not hand it over, though we asked several times.")),
    "rejected": Reason(_("The network refused to hand it over.")),
    "unsupported": Reason(_("This network has no way to hand it over. Open it there."), False),
    "unknown": Reason(_("There is no such file to be sent; upload it again."), False),
    "interrupted": Reason(_("Uploading it was interrupted. Send it again."), False),
}


# The same, said to whoever uploads.
TO_UPLOADERS = {
    "too_large": _("This file is larger than we take in."),
    "empty": _("This file is empty."),
    "mismatch": _("This file is not what its name says."),
    "quota": _("Your workspace has no room left for files."),
}


def reason_of(code: str) -> Reason:
    return REASONS.get(code) or REASONS["rejected"]
