"""Who writes to the company, and under which names on which networks."""

from hashlib import sha256
from typing import Any

from django.db import models
from django.db.models import Q

from channels_app.models.connections import channel_kinds
from tenants import crypto
from tenants.fields import EncryptedTextField


def id_index(external_id: str) -> str:
    """The blind index of a vendor's id.

    Hashed first: ids are case-sensitive, and a blind index on its own folds case.
    """
    return crypto.blind_index(sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest())


class ContactQuerySet(models.QuerySet["Contact"]):
    def standing(self) -> "ContactQuerySet":
        """Those who were not merged into another."""
        return self.filter(absorbed_into=None)


class Contact(models.Model):
    """A person who wrote to the company, over however many networks.

    ``absorbed_into`` is set while another contact stands for this one. What comes for it then is
    kept there, by a trigger (migration ``0009_kept_where_it_stands``): a message that arrives
    while two are merged is not left behind.
    """

    name = EncryptedTextField(blank=True, default="")
    email = EncryptedTextField(blank=True, default="")
    phone = EncryptedTextField(blank=True, default="")  # E.164 where the network gives it
    email_index = models.CharField(max_length=32, blank=True, default="", db_index=True)
    phone_index = models.CharField(max_length=32, blank=True, default="", db_index=True)
    language = models.CharField(max_length=16, blank=True)  # BCP 47, as the network says
    is_blocked = models.BooleanField(default=False)  # the company wants nothing sent or answered
    has_opted_out = models.BooleanField(default=False)  # of something: the ledger says of what
    absorbed_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="absorbed"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or f"Contact {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.index()
        changed = kwargs.get("update_fields")
        if changed is not None:
            indexes = {f"{name}_index" for name in ("email", "phone") if name in changed}
            kwargs["update_fields"] = {*changed, *indexes}
        super().save(*args, **kwargs)

    @property
    def is_sample(self) -> bool:
        """Made up: known from sample data, and from nowhere else. Asks the database."""
        places = set(self.conversations.values_list("connection__is_sample", flat=True))
        return places == {True}

    def index(self) -> None:
        """Let what we are found by follow what is shown."""
        self.email_index = crypto.blind_index(self.email) if self.email else ""
        self.phone_index = crypto.blind_index(self.phone) if self.phone else ""


class ContactIdentity(models.Model):
    """What one network account calls a contact. One contact may have several, also at one."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    platform = models.CharField(max_length=32, choices=channel_kinds)
    account_id = models.CharField(max_length=190)
    external_id = EncryptedTextField()
    external_id_index = models.CharField(max_length=32)
    display = EncryptedTextField(blank=True, default="")
    # Blind indexes of what the network itself vouches for, in the form that compares.
    proven_phone = models.CharField(max_length=32, blank=True, default="")
    proven_email = models.CharField(max_length=32, blank=True, default="")
    compared_at = models.DateTimeField(null=True, blank=True)  # with everybody else's
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "contact identities"
        indexes = [
            models.Index(
                fields=["proven_phone"], condition=~Q(proven_phone=""), name="identities_by_phone"
            ),
            models.Index(
                fields=["proven_email"], condition=~Q(proven_email=""), name="identities_by_email"
            ),
            models.Index(
                fields=["id"],
                condition=Q(compared_at=None) & ~Q(proven_phone="", proven_email=""),
                name="identities_to_compare",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "account_id", "external_id_index"],
                name="one_contact_per_identity",
            ),
        ]

    def __str__(self) -> str:
        return self.display or self.external_id
