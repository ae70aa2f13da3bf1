"""The company's addresses: adding, changing, resting and removing them, and their secrets."""

import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit.services import record
from tenants.outgoing.events import names
from tenants.outgoing.models import Delivery, Endpoint
from tenants.outgoing.services.ringing import ring_endpoint
from tenants.outgoing.services.wanted import note_wanted
from tenants.outgoing.signing import new_secret
from tenants.plugins import http

MOST = 20
LONGEST_URL = 2_000
LONGEST_OVERLAP = 7 * 24  # hours
State = Endpoint.State


@transaction.atomic
def add_endpoint(*, name: str, url: str, events: Sequence[str], actor: str) -> Endpoint:
    """Tell this address of these events from now on. Its secret is in the row; show it once."""
    if Endpoint.objects.count() >= MOST:
        raise ValidationError({"url": _("There are as many addresses as there can be.")})
    checked = _checked_url(url)
    endpoint = Endpoint.objects.create(
        name=_named(name, checked),
        url=checked,
        events=_checked_events(events),
        created_by=actor[:120],
    )
    note_wanted()
    _record("added", endpoint, actor, {"events": endpoint.events})
    return endpoint


@transaction.atomic
def change_endpoint(
    *,
    endpoint: Endpoint,
    name: str | None = None,
    url: str | None = None,
    events: Sequence[str] | None = None,
    actor: str,
) -> Endpoint:
    """What is left out stays. Another address begins with a clean sheet."""
    row = _locked(endpoint)
    changed = []
    if url is not None and _checked_url(url) != row.url:
        row.url = _checked_url(url)
        row.failures, row.failing_since, row.rest_until, row.last_error = 0, None, None, ""
        changed.append("url")
    if name is not None and name.strip() and name.strip() != row.name:
        row.name = _named(name, row.url)
        changed.append("name")
    if events is not None and _checked_events(events) != row.events:
        row.events = _checked_events(events)
        changed.append("events")
    if changed:
        row.save()
        note_wanted()
        ring_endpoint(row.pk)
        _record("changed", row, actor, {"fields": changed})
    return row


@transaction.atomic
def remove_endpoint(*, endpoint: Endpoint, actor: str) -> None:
    """Nothing is sent there any more; its log goes with it."""
    row = _locked(endpoint)
    Delivery.objects.filter(endpoint=row).delete()
    subject = f"webhook:{row.pk}"
    row.delete()
    note_wanted()
    record(action="webhook.removed", subject=subject, actor=actor)


@transaction.atomic
def pause_endpoint(*, endpoint: Endpoint, actor: str) -> Endpoint:
    """Send nothing for now. What happens meanwhile is kept, and sent once it goes on."""
    row = _locked(endpoint)
    if row.state != State.PAUSED:
        row.state = State.PAUSED
        row.save(update_fields=["state", "updated_at"])
        _record("paused", row, actor)
    return row


@transaction.atomic
def resume_endpoint(*, endpoint: Endpoint, actor: str, send_waiting: bool = True) -> Endpoint:
    """Go on, with what waited or without it."""
    row = _locked(endpoint)
    if row.state == State.ACTIVE:
        return row
    now = timezone.now()
    waiting = row.deliveries.filter(state=Delivery.State.WAITING)
    if send_waiting:
        waiting.update(next_attempt_at=now)
    else:
        waiting.update(state=Delivery.State.DEAD, settled_at=now, discarded_at=now)
    row.state, row.cause, row.told_at = State.ACTIVE, "", None
    row.failures, row.failing_since, row.rest_until, row.last_error = 0, None, None, ""
    row.save()
    ring_endpoint(row.pk)
    _record("resumed", row, actor, {"with_waiting": send_waiting})
    return row


@transaction.atomic
def rotate_secret(*, endpoint: Endpoint, overlap_hours: int, actor: str) -> Endpoint:
    """Make a new secret. For so many hours deliveries are signed with the old one as well."""
    if not 0 <= overlap_hours <= LONGEST_OVERLAP:
        raise ValidationError({"overlap_hours": _("Choose 0 to 168 hours.")})
    row = _locked(endpoint)
    row.former_secret = row.secret if overlap_hours else ""
    row.former_until = timezone.now() + timedelta(hours=overlap_hours) if overlap_hours else None
    row.secret = new_secret()
    row.save(update_fields=["secret", "former_secret", "former_until", "updated_at"])
    _record("secret_rotated", row, actor, {"overlap_hours": overlap_hours})
    return row


def _locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)


def _named(name: str, url: str) -> str:
    return " ".join(name.split())[:100] or (urlsplit(url).hostname or "")[:100]


def _checked_events(events: Sequence[str]) -> list[str]:
    chosen = sorted(set(events))
    if not chosen:
        raise ValidationError({"events": _("Choose at least one event.")})
    if unknown := sorted(set(chosen) - names()):
        told = _("There is no event %(name)s.") % {"name": unknown[0][:60]}
        raise ValidationError({"events": told})
    return chosen


def _checked_url(url: str) -> str:
    """An address that may be called. Where its name leads is looked at with every call."""
    url = url.strip()
    if wrong := _wrong_with(url):
        raise ValidationError({"url": wrong})
    return url


def _wrong_with(url: str) -> str:
    if len(url) > LONGEST_URL or not url.isprintable() or any(sign.isspace() for sign in url):
        return _("This is no web address.")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return _("This is no web address.")
    if parts.scheme not in {"http", "https"} or not host:
        return _("This is no web address.")
    if parts.username or parts.password:
        return _("Leave name and password out of the address.")
    if settings.ALLOW_PRIVATE_ADDRESSES:
        return ""
    if parts.scheme != "https":
        return _("It has to begin with https://, so that nobody reads along.")
    return "" if _may_be_public(host) else _("This address lies inside a network.")


def _may_be_public(host: str) -> bool:
    """What can be said without asking anybody; the rest is checked at each call."""
    if host == "localhost" or host.endswith((".localhost", ".internal", ".local")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host
    return http.is_public(host)


def _record(
    deed: str, endpoint: Endpoint, actor: str, details: dict[str, Any] | None = None
) -> None:
    subject = f"webhook:{endpoint.pk}"
    record(action=f"webhook.{deed}", subject=subject, actor=actor, details=details)
