"""Letting somebody see that an answer is on its way, where their network can show it."""

from functools import partial

from django.db import transaction

from channels_app.models import Conversation


def show_typing(*, conversation: Conversation, by_ai: bool = False, is_over: bool = False) -> bool:
    """Show (or take back) that somebody writes; False where the network has no such thing."""
    if not conversation.capabilities.shows_typing or conversation.is_led_elsewhere:
        return False
    provider = conversation.connection.provider()
    show = partial(provider.show_typing, conversation.external_thread, by_ai=by_ai, is_over=is_over)
    transaction.on_commit(show, robust=True)
    return True


def show_leader(*, conversation: Conversation) -> bool:
    """Let them know whether a person leads now; as above, where their network can show it."""
    if not conversation.capabilities.shows_typing:
        return False
    provider = conversation.connection.provider()
    show = partial(
        provider.show_leader, conversation.external_thread, is_person=not conversation.is_with_ai
    )
    transaction.on_commit(show, robust=True)
    return True
