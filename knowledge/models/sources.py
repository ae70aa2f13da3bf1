"""Web pages that the knowledge follows: where they are, and what became of each."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.models.documents import Document

LONGEST_ADDRESS = 1_000


class SourceQuerySet(models.QuerySet["Source"]):
    def at_work(self) -> "SourceQuerySet":
        """Rounds that have begun and are not through."""
        return self.filter(status__in=[Source.Status.WAITING, Source.Status.CRAWLING])


class Source(models.Model):
    """A web page, a site or a sitemap, looked through in rounds.

    ``turn`` numbers the pages visited: a ring that carries an old turn is a stale one.
    ``due_at`` is when the next page may be asked for; while one is being visited it lies behind
    the longest visit, so that what a dead worker held is taken up again.
    """

    class Kind(models.TextChoices):
        PAGE = "page", _("One page")
        SITE = "site", _("A site")
        SITEMAP = "sitemap", _("A sitemap")

    class Status(models.TextChoices):
        WAITING = "waiting"
        CRAWLING = "crawling"
        READY = "ready"
        FAILED = "failed"

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SITE)
    address = models.CharField(max_length=LONGEST_ADDRESS)
    max_pages = models.PositiveIntegerField(default=100)
    max_depth = models.PositiveSmallIntegerField(default=3, help_text="links away from the start")
    every_hours = models.PositiveSmallIntegerField(default=0, help_text="0: only when told to")

    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    error = models.CharField(max_length=300, blank=True)
    round = models.PositiveIntegerField(default=0)
    turn = models.PositiveBigIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    next_round_at = models.DateTimeField(null=True, blank=True)
    round_bytes = models.PositiveBigIntegerField(default=0)
    robots = models.TextField(blank=True)  # robots.txt of this round
    pause = models.FloatField(default=0, help_text="seconds between two pages")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["address", "kind"], name="one_source_per_address"),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_at_work(self) -> bool:
        return self.status in {self.Status.WAITING, self.Status.CRAWLING}


class SourcePageQuerySet(models.QuerySet["SourcePage"]):
    def waiting(self) -> "SourcePageQuerySet":
        return self.filter(status=SourcePage.Status.WAITING)


class SourcePage(models.Model):
    """One address of a source: what became of it in the round it was last asked in."""

    class Role(models.TextChoices):
        PAGE = "page"
        SITEMAP = "sitemap"

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        TAKEN = "taken", _("Taken in")
        UNCHANGED = "unchanged", _("Unchanged")
        READ = "read", _("Read")  # a sitemap
        DUPLICATE = "duplicate", _("Says what another page says")
        ELSEWHERE = "elsewhere", _("Leads to another site")
        FORBIDDEN = "forbidden", _("The site asks not to read it")
        UNFIT = "unfit", _("Not a page we can read")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Gone")
        LEFT_OUT = "left_out", _("Left out")  # its document was removed by hand

    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="pages", db_index=False
    )
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.PAGE)
    address = models.CharField(max_length=LONGEST_ADDRESS)
    depth = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.WAITING)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # of this round
    retry_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    text_hash = models.CharField(max_length=64, blank=True)  # of what a visitor reads there
    size = models.PositiveIntegerField(default=0, help_text="bytes, at the last reading")
    document = models.ForeignKey(
        Document, on_delete=models.SET_NULL, null=True, blank=True, related_name="pages"
    )
    visited_at = models.DateTimeField(null=True, blank=True)

    objects = SourcePageQuerySet.as_manager()

    class Meta:
        ordering = ["depth", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "address"], name="one_page_per_address"),
        ]
        indexes = [
            models.Index(fields=["source", "status", "depth", "id"], name="pages_to_visit"),
            models.Index(fields=["source", "text_hash"], name="pages_by_text"),
        ]

    def __str__(self) -> str:
        return self.address
