"""Notices of people, how each wants to be told, and the browsers that may be told at any time."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tenants.accounts.models import User
from tenants.fields import EncryptedTextField
from tenants.notices.kinds import Kind, kind_of


class Notice(models.Model):
    """One thing that one person should know. ``about`` and ``by`` name people, so: encrypted.

    ``mail_at`` and ``push_at`` say when it is to go out by that way; empty: not, or over.
    """

    # A team is remembered for some seconds: whoever left meanwhile does not make others' work fail.
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="notices",
        db_constraint=False,
        db_index=False,  # that of the person and the newest serves
    )
    kind = models.CharField(max_length=32)
    subject = models.PositiveBigIntegerField()
    about = EncryptedTextField(blank=True, default="")
    by = EncryptedTextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    is_shown = models.BooleanField(default=True)  # in the page; some want it by other ways only
    read_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    push_at = models.DateTimeField(null=True, blank=True)
    push_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # Five mentions in one conversation that nobody has looked at yet are one notice.
            models.UniqueConstraint(
                fields=["user", "kind", "subject"],
                condition=Q(read_at=None),
                name="notice_unread_once",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_of_user"),
            models.Index(
                fields=["mail_at"], condition=Q(mail_at__isnull=False), name="notice_mail"
            ),
            models.Index(
                fields=["push_at"], condition=Q(push_at__isnull=False), name="notice_push"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def meaning(self) -> Kind | None:
        return kind_of(self.kind)

    @property
    def title(self) -> str:
        kind = self.meaning
        return str(kind.title) if kind else self.kind

    @property
    def icon(self) -> str:
        kind = self.meaning
        return kind.icon if kind else "info"

    @property
    def link(self) -> str:
        """The page of what it is about."""
        kind = self.meaning
        return reverse(kind.place, args=[self.subject]) if kind else reverse("notices:notices")


class NoticeHabits(models.Model):
    """How a person wants to be told; who never said anything has no row."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="notice_habits"
    )
    wishes = models.JSONField(default=dict, blank=True)  # of each kind: page, mail, push
    mail_after = models.PositiveSmallIntegerField(default=10)  # minutes that it stood unread
    digest_hour = models.PositiveSmallIntegerField(default=8)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    names_people = models.BooleanField(default=False)  # outside of the page

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mail_after__lte=1440) & Q(digest_hour__lte=23),
                name="notice_habits_within_a_day",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="notice_quiet_hours_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"notices of {self.user_id}"


class PushDevice(models.Model):
    """A browser that shows notices while no page is open. Its address and keys open something."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="push_devices")
    endpoint = EncryptedTextField()
    endpoint_index = models.CharField(max_length=32, unique=True)
    p256dh = EncryptedTextField()
    auth = EncryptedTextField()
    name = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    last_taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name or f"device {self.pk}"


class PushKey(models.Model):
    """Who we are to browsers' push services: one pair of keys a company, made when first needed."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    private = EncryptedTextField()  # PEM
    public = models.TextField()  # PEM
    application_key = models.CharField(max_length=100)  # the public one, as browsers ask for it
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.application_key
