"""What people do about their own sign-in goes into the log as well."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, user_logged_in
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.dispatch import receiver

from tenants.accounts.models import User
from tenants.audit.services import record

DEEDS = {
    user_logged_in: "user.signed_in",
    password_changed: "user.changed_password",
    password_reset: "user.reset_password",
    authenticator_added: "user.added_second_factor",
    authenticator_removed: "user.removed_second_factor",
}


@receiver(list(DEEDS))
def note_deed(signal: Any, user: User, **kwargs: Any) -> None:
    """One entry for each; who failed to get in is counted by the limits, not by the log."""
    record(action=DEEDS[signal], subject=user.actor, actor=user.actor)
