"""Our own apps at the vendors, through which every company signs in: from the operator's rows
(the public admin) or, where a row says nothing, from the environment.

Remembered by the process for a few seconds, since every renewal and every send may ask.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from tenants import context
from tenants.models import PlatformApp
from tenants.plugins.credentials import AppCredentials

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class AppKind:
    """What an app is called, which other app fills its gaps, and where the environment has it."""

    label: str
    settings: Mapping[str, str]  # our field -> the name of a setting
    falls_back_to: str = ""
    console: str = ""  # where the operator finds its values
    callbacks: tuple[str, ...] = ()  # sign-ins that come back to us: /oauth/callback/<…>/
    webhooks: tuple[str, ...] = ()  # networks whose shared address it calls: /webhooks/<…>/
    hooks: tuple[str, ...] = ()  # CRMs and the like whose shared address it calls: /hooks/<…>/


FIELDS = (
    "app_id",
    "secret",
    "verify_token",
    "client_id",
    "client_secret",
    "configuration_id",
    "bearer_token",
)
APP_KINDS: dict[str, AppKind] = {
    "meta": AppKind(
        "Meta (Facebook, Instagram, WhatsApp)",
        {
            "app_id": "META_APP_ID",
            "secret": "META_APP_SECRET",
            "verify_token": "META_VERIFY_TOKEN",
            "configuration_id": "META_LOGIN_CONFIGURATION",
        },
        console="https://developers.facebook.com/apps/",
        callbacks=("facebook",),
        webhooks=("messenger", "instagram", "whatsapp"),
    ),
    "whatsapp": AppKind(
        "WhatsApp Embedded Signup",
        {"configuration_id": "WHATSAPP_SIGNUP_CONFIGURATION"},
        falls_back_to="meta",
        console="https://developers.facebook.com/apps/",
        callbacks=("whatsapp",),
    ),
    "instagram": AppKind(
        "Instagram Login",
        {"app_id": "INSTAGRAM_APP_ID", "secret": "INSTAGRAM_APP_SECRET"},
        console="https://developers.facebook.com/apps/",
        callbacks=("instagram",),
        webhooks=("instagram",),
    ),
    "x": AppKind(
        "X",
        {
            "secret": "X_CONSUMER_SECRET",
            "client_id": "X_CLIENT_ID",
            "client_secret": "X_CLIENT_SECRET",
            "bearer_token": "X_BEARER_TOKEN",
        },
        console="https://console.x.com/",
        callbacks=("x",),
        webhooks=("x",),
    ),
    "linkedin": AppKind(
        "LinkedIn",
        {"app_id": "LINKEDIN_CLIENT_ID", "secret": "LINKEDIN_CLIENT_SECRET"},
        console="https://www.linkedin.com/developers/apps",
        callbacks=("linkedin",),
        webhooks=("linkedin",),
    ),
    "tiktok": AppKind(
        "TikTok API for Business",
        {"app_id": "TIKTOK_CLIENT_KEY", "secret": "TIKTOK_CLIENT_SECRET"},
        console="https://business-api.tiktok.com/portal/apps",
        callbacks=("tiktok",),
        webhooks=("tiktok",),
    ),
    "google": AppKind(
        "Google (Gmail)",
        {"app_id": "GOOGLE_CLIENT_ID", "secret": "GOOGLE_CLIENT_SECRET"},
        console="https://console.cloud.google.com/apis/credentials",
        callbacks=("google",),
    ),
    "microsoft": AppKind(
        "Microsoft (Outlook, Microsoft 365)",
        {"app_id": "MICROSOFT_CLIENT_ID", "secret": "MICROSOFT_CLIENT_SECRET"},
        console="https://entra.microsoft.com/",
        callbacks=("microsoft",),
    ),
    "hubspot": AppKind(
        "HubSpot",
        {"app_id": "HUBSPOT_CLIENT_ID", "secret": "HUBSPOT_CLIENT_SECRET"},
        console="https://app.hubspot.com/developer",
        callbacks=("hubspot",),
        hooks=("hubspot",),
    ),
    "salesforce": AppKind(
        "Salesforce",
        {"app_id": "SALESFORCE_CLIENT_ID", "secret": "SALESFORCE_CLIENT_SECRET"},
        console="https://login.salesforce.com/lightning/setup/ManageExternalClientApplication/home",
        callbacks=("salesforce", "salesforce-sandbox"),
    ),
    "pipedrive": AppKind(
        "Pipedrive",
        {"app_id": "PIPEDRIVE_CLIENT_ID", "secret": "PIPEDRIVE_CLIENT_SECRET"},
        console="https://app.pipedrive.com/developer-hub",
        callbacks=("pipedrive",),
    ),
}

# When they were read, and the rows by platform.
_known: tuple[float, dict[str, dict[str, str]]] | None = None


def app_of(platform: str) -> AppCredentials:
    """The app of this kind; empty fields where nobody told us."""
    kind = APP_KINDS[platform]
    told = {**_told(platform, kind)}
    if kind.falls_back_to:
        behind = _told(kind.falls_back_to, APP_KINDS[kind.falls_back_to])
        told = {name: told.get(name) or behind.get(name, "") for name in FIELDS}
    return AppCredentials(platform=platform, **told)


def addresses_of(platform: str) -> list[str]:
    """What the operator registers at the vendor: where people come back to, where webhooks go."""
    kind = APP_KINDS[platform]
    back = [f"{settings.PUBLIC_URL}/oauth/callback/{each}/" for each in kind.callbacks]
    hooks = [f"{settings.PUBLIC_URL}/hooks/{each}/" for each in kind.hooks]
    return back + [f"{settings.PUBLIC_URL}/webhooks/{each}/" for each in kind.webhooks] + hooks


def forget_apps() -> None:
    """Look every app up anew."""
    global _known
    _known = None


def _told(platform: str, kind: AppKind) -> dict[str, str]:
    row = _row(platform)
    return {
        name: row.get(name)
        or (str(getattr(settings, kind.settings[name])) if name in kind.settings else "")
        for name in FIELDS
    }


def _row(platform: str) -> dict[str, str]:
    global _known
    now = time.monotonic()
    if _known is None or now - _known[0] >= SECONDS:
        with context.in_public():  # their secrets are under the platform's keys
            rows = list(PlatformApp.objects.all())
        told = {
            row.platform: {name: str(getattr(row, name) or "") for name in FIELDS} for row in rows
        }
        _known = (now, told)
    return _known[1].get(platform, {})
