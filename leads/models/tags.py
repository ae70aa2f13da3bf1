"""Words that people put on leads."""

from django.db import models


class Tag(models.Model):
    """A word with a colour; of two that differ only in capitals there is one."""

    class Colour(models.TextChoices):
        PINE = "pine", "Green"
        COPPER = "copper", "Copper"
        INFO = "info", "Blue"
        WARN = "warn", "Yellow"
        BAD = "bad", "Red"
        PLAIN = "plain", "Grey"

    name = models.CharField(max_length=40)
    colour = models.CharField(max_length=8, choices=Colour.choices, default=Colour.PLAIN)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                models.functions.Lower("name"), name="one_tag_whatever_its_capitals"
            ),
        ]

    def __str__(self) -> str:
        return self.name
