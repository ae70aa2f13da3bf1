"""Whoever erases a message, a contact or a conversation erases its files too."""

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from channels_app.media.services import forget_files
from channels_app.models import Media


@receiver(post_delete, sender=Media)
def forget_file(instance: Media, **kwargs: Any) -> None:
    forget_files(paths=[instance.path])
