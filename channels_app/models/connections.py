"""The accounts a company has connected."""

from django.conf import settings
from django.db import models

from channels_app.capabilities import Capabilities, capabilities_of
from channels_app.providers import CHANNELS
from channels_app.providers.base import ChannelProvider
from channels_app.sign_ins import SIGN_INS
from tenants.fields import EncryptedJSONField
from tenants.platform_apps import app_of
from tenants.plugins import sandbox


def channel_kinds() -> list[tuple[str, str]]:
    return CHANNELS.choices()  # a callable: a new channel needs no migration


class ChannelConnection(models.Model):
    """One account of the company at one network: a page, a phone number, a bot."""

    class Health(models.TextChoices):
        OK = "ok", "Working"
        RECONNECT = "reconnect", "Reconnect"
        TROUBLE = "trouble", "In trouble"
        STOPPED = "stopped", "Stopped by the network"

    platform = models.CharField(max_length=32, choices=channel_kinds)
    account_id = models.CharField(max_length=190)
    name = models.CharField(max_length=100)
    config = EncryptedJSONField(default=dict)
    is_active = models.BooleanField(default=True)
    # No network knows this account: it is tried out inside, and marked so wherever it is shown.
    is_sandbox = models.BooleanField(default=False, editable=False)
    # A sandbox of the sample data: nobody outside is told of what happens there.
    is_sample = models.BooleanField(default=False, editable=False)
    # The unguessable part of its own webhook address; empty once it is disconnected.
    webhook_token = models.CharField(max_length=64, blank=True, editable=False)
    health = models.CharField(max_length=16, choices=Health.choices, default=Health.OK)
    health_text = models.CharField(max_length=300, blank=True)
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_outbound_at = models.DateTimeField(null=True, blank=True)
    # Where the network has to be asked: behind which point, and when next.
    poll_cursor = EncryptedJSONField(default=dict, blank=True, editable=False)
    poll_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    poll_claimed_until = models.DateTimeField(null=True, blank=True, editable=False)  # looked at
    poll_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    # When our access ends; empty if it lasts.
    token_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    renew_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    renew_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    # How somebody signed in at the network (``sign_ins``); empty if the form was filled in.
    signed_in_by = models.CharField(max_length=32, blank=True, editable=False)
    signed_in_at = models.DateTimeField(null=True, blank=True, editable=False)
    # What the network let us do then, by its own names; the doctor asks it anew.
    scopes = models.JSONField(default=list, blank=True, editable=False)
    # When the doctor came last, and when next; empty while it never did.
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "account_id"], name="one_connection_per_account"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def provider(self) -> ChannelProvider:
        ours = {"account_id": self.account_id, "webhook_url": self.called_at}
        made = CHANNELS.get(self.platform)({**self.config, **self._of_our_app(), **ours})
        return sandbox.kept_inside(made, self.pretended) if self.is_sandbox else made

    @property
    def pretended(self) -> sandbox.Account:
        """As the stand-in for its network knows a sandbox's account."""
        names = CHANNELS.get(self.platform).secret_names
        token = str(self.config.get(names.get("token", "")) or "")
        return sandbox.Account(
            platform=self.platform,
            account_id=self.account_id,
            secret=str(self.config.get(names.get("secret", "")) or token),
            token=token,
            webhook_url=self.webhook_url,
        )

    def _of_our_app(self) -> dict[str, str]:
        """What an account connected by a sign-in reads from our app there, so that the operator
        changes a secret in one place; what the company typed itself comes first."""
        if self.signed_in_by not in SIGN_INS:
            return {}
        sign_in = SIGN_INS.get(self.signed_in_by)
        told = sign_in.config_of(app_of(sign_in.app))
        return {name: value for name, value in told.items() if not self.config.get(name)}

    @property
    def webhook_url(self) -> str:
        """Its own webhook address; empty once it is disconnected."""
        if not self.webhook_token:
            return ""
        return f"{settings.PUBLIC_URL}/webhooks/{self.platform}/{self.webhook_token}/"

    @property
    def called_at(self) -> str:
        """Where its network is told to call. Our own app has one address for all its accounts:
        networks take few addresses an app, and the sign-in has shown whose the account is."""
        by_our_app = self.signed_in_by and CHANNELS.get(self.platform).has_shared_address
        if by_our_app and self.webhook_token:
            return f"{settings.PUBLIC_URL}/webhooks/{self.platform}/"
        return self.webhook_url

    @property
    def capabilities(self) -> Capabilities:
        return capabilities_of(self.platform)

    @property
    def is_stopped(self) -> bool:
        """The network lets nothing out until somebody has mended the account there."""
        return self.health == self.Health.STOPPED
