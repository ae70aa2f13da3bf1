"""Words that people put on leads."""

from django.db import models


class TagQuerySet(models.QuerySet["Tag"]):
    def staying(self) -> "TagQuerySet":
        """Those that are to be seen and put on."""
        return self.filter(is_leaving=False)

    def with_counts(self) -> "TagQuerySet":
        """With how many leads carry each, as ``leads_count``."""
        carried = models.Count("leads", filter=models.Q(leads__absorbed_by=None))
        return self.annotate(leads_count=carried)


class Tag(models.Model):
    """A word with a colour; of two that differ only in capitals there is one.

    One that ``is_leaving`` is taken off lead after lead, each with its history, and then deleted;
    where it becomes part of another, that one is put on instead.
    """

    class Colour(models.TextChoices):
        PINE = "pine", "Green"
        COPPER = "copper", "Copper"
        INFO = "info", "Blue"
        WARN = "warn", "Yellow"
        BAD = "bad", "Red"
        PLAIN = "plain", "Grey"

    name = models.CharField(max_length=40)
    colour = models.CharField(max_length=8, choices=Colour.choices, default=Colour.PLAIN)

    is_leaving = models.BooleanField(default=False)
    into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = models.Manager.from_queryset(TagQuerySet)()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                models.functions.Lower("name"), name="one_tag_whatever_its_capitals"
            ),
        ]

    def __str__(self) -> str:
        return self.name
