"""People who work in a company's console, and programs that work for it."""

import hmac
import secrets
from hashlib import sha256
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone

from tenants import context
from tenants.accounts import roles, scopes
from tenants.accounts.roles import Role
from tenants.fields import EncryptedTextField


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, is_staff=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Signs in by e-mail. In a company's schema ``role`` decides; in public, superusers work."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    # What this request may touch of what the role may: a short-lived token can be narrower.
    scopes: tuple[str, ...] = (scopes.EVERYTHING,)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.name or self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """In a company the role decides, and nothing else; it costs no query."""
        if context.schema() == context.PUBLIC:
            return super().has_perm(perm, obj)
        return self.is_active and roles.allows(self.role, perm) and scopes.allow(self.scopes, perm)

    def has_module_perms(self, app_label: str) -> bool:
        return self.has_perm(f"{app_label}.view_anything")

    @property
    def actor(self) -> str:
        """How histories and the audit log name this person."""
        return f"user:{self.pk}"

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split()[0] if self.name else self.email


def everything() -> list[str]:
    """The scopes of a key that may do whatever its role may."""
    return [scopes.EVERYTHING]


class ApiKey(models.Model):
    """A program's way in: shown once, stored as a hash, bound to this schema, a role and scopes.

    The full key reads ``lw_<schema>_<prefix>_<secret>``; the schema is part of what is hashed.
    """

    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.AGENT)
    scopes = models.JSONField(default=everything)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def digest_of(full_key: str) -> str:
        # The secret has 192 random bits, so a plain hash is enough; no stretching needed.
        return sha256(full_key.encode("utf-8", "surrogatepass")).hexdigest()

    @staticmethod
    def new_secret() -> tuple[str, str]:
        return secrets.token_hex(4), secrets.token_urlsafe(24).replace("_", "-")

    def matches(self, full_key: str) -> bool:
        return hmac.compare_digest(self.digest, self.digest_of(full_key))

    def has_perm(self, permission: str) -> bool:
        """Its role and one of its scopes must both allow it."""
        return roles.allows(self.role, permission) and scopes.allow(self.scopes, permission)

    @property
    def rooms(self) -> list[tuple[str, bool]]:
        """What it may touch, for people: each room's name, and whether it may change things."""
        return [
            (str(room.label), f"{room.name}:{scopes.WRITE}" in self.scopes)
            for room in scopes.ROOMS
            if {f"{room.name}:{scopes.READ}", f"{room.name}:{scopes.WRITE}"} & set(self.scopes)
        ]

    @property
    def is_unlimited(self) -> bool:
        """Whether its role is all that limits it."""
        return scopes.EVERYTHING in self.scopes

    @property
    def is_usable(self) -> bool:
        now = timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def revoke(self) -> None:
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])


class SingleSignOn(models.Model):
    """The company's own sign-in by OpenID Connect, one a company.

    https://openid.net/specs/openid-connect-core-1_0.html
    """

    ONLY = 1

    name = models.CharField(max_length=40)  # on the button: "Sign in with …"
    issuer = models.URLField(max_length=300)
    client_id = models.CharField(max_length=200)
    client_secret = EncryptedTextField()
    # Whose addresses the provider answers for, and what somebody new from there becomes.
    domains = models.JSONField(default=list, blank=True)
    new_role = models.CharField(max_length=16, choices=Role.choices, blank=True)
    is_active = models.BooleanField(default=True)
    # Members but the admins come in by it only; an admin's password is the way back in.
    is_required = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "single sign-on"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "SingleSignOn | None":
        """The company's, if it has one that is switched on."""
        return cls.objects.filter(pk=cls.ONLY, is_active=True).first()

    def answers_for(self, email: str) -> bool:
        """Whether an address is of a domain that the provider is responsible for."""
        return email.rpartition("@")[2].lower() in self.domains
