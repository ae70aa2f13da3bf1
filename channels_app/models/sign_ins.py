"""Somebody of the company on their way through a network's consent page, and back."""

from typing import Any

from django.db import models

from channels_app.models.connections import ChannelConnection, channel_kinds
from tenants.fields import EncryptedJSONField
from tenants.sign_ins.attempts import Attempt, new_end

__all__ = ["SignInAttempt", "new_end"]  # a migration knows the latter by this address


class SignInAttempt(Attempt):
    """One way to a network and back, and the accounts that came with it."""

    platform = models.CharField(max_length=32, choices=channel_kinds)
    # The connection whose access they renew, if it is not a new one.
    connection = models.ForeignKey(
        ChannelConnection, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    accounts = EncryptedJSONField(default=list, blank=True)

    def __str__(self) -> str:
        return f"{self.platform} by {self.kind}"

    @classmethod
    def without_secrets(cls) -> dict[str, Any]:
        return {**super().without_secrets(), "accounts": []}
