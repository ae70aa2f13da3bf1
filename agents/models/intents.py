"""What a company's messages are about, in its own words."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models


class OwnIntent(models.Model):
    """An intent of the company beside ours: what it is called, and what people write who have it.

    The autonomy table may name it; whoever owns it is given the conversations the AI passes on.
    """

    key = models.CharField(
        max_length=40, unique=True, validators=[RegexValidator(r"^[a-z][a-z0-9_]*\Z")]
    )
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True, default="")
    examples = models.JSONField(default=list)  # texts, in any language
    team = models.CharField(max_length=60, blank=True, default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
