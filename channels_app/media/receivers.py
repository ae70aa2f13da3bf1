"""Whoever erases a message, a contact, a conversation or a company erases its files too."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from channels_app.media import vault
from channels_app.media.services import forget_files
from channels_app.models import Media
from tenants.models import Company


@receiver(post_delete, sender=Media)
def forget_file(instance: Media, **kwargs: Any) -> None:
    forget_files(paths=[instance.path])


@receiver(post_delete, sender=Company)
def forget_company(instance: Company, **kwargs: Any) -> None:
    transaction.on_commit(partial(vault.delete_all_of, instance.schema_name))


@receiver(post_save, sender=Company)
def forget_erased_company(instance: Company, **kwargs: Any) -> None:
    """Its keys are gone, so that nobody can read them any more; the beat looks again."""
    if not instance.keyring:
        transaction.on_commit(partial(vault.delete_all_of, instance.schema_name))
