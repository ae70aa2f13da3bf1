"""Letting people and programs in, and out again."""

from typing import Protocol

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from tenants.accounts.models import ApiKey, User
from tenants.accounts.roles import Role
from tenants.audit.services import record
from tenants.live import ACCESS_CHANGED, publish


class Actor(Protocol):
    """A person or a program, as histories name it."""

    @property
    def actor(self) -> str: ...


def invite(*, email: str, name: str, role: str, invited_by: Actor) -> User:
    """Make a member without a password: the link that goes out lets them choose one.

    Raises ValidationError keyed by ``email`` or ``role``.
    """
    if role not in Role.values:
        raise ValidationError({"role": f"Choose one of: {', '.join(Role.values)}."})
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from error
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, None, name=name, role=role)
            _record("user.invited", user, invited_by, role=role)
    except IntegrityError as error:
        raise ValidationError({"email": "Somebody with this address is here already."}) from error
    return user


@transaction.atomic
def change_member(*, user: User, role: str, is_active: bool, changed_by: Actor) -> User:
    """Give a member another role, or let them in or out. A company keeps one active admin."""
    members = User.objects.select_for_update().order_by("pk")
    locked = {member.pk: member for member in members}
    stays_admin = role == Role.ADMIN and is_active
    others = any(
        member.role == Role.ADMIN and member.is_active and member.pk != user.pk
        for member in locked.values()
    )
    if not stays_admin and not others:
        raise ValidationError("A workspace needs at least one active admin.")
    member = locked[user.pk]
    member.role, member.is_active = role, is_active
    member.save(update_fields=["role", "is_active"])
    publish(ACCESS_CHANGED, actor=member.actor)
    _record("user.changed", member, changed_by, role=role, is_active=is_active)
    return member


@transaction.atomic
def revoke_key(*, key: ApiKey, revoked_by: Actor) -> ApiKey:
    """From now on the key opens nothing; the row stays for the record."""
    if key.revoked_at is None:
        key.revoke()
        record(action="api_key.revoked", subject=f"api_key:{key.pk}", actor=revoked_by.actor)
        # Whoever listens by this key is cut off at once.
        publish(ACCESS_CHANGED, actor=f"key:{key.prefix}")
    return key


def _record(action: str, user: User, by: Actor, **details: object) -> None:
    record(action=action, subject=f"user:{user.pk}", actor=by.actor, details=details)
