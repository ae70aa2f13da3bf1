"""What a network's refusal means beyond the one message: for the account, the contact, a template.

The same refusal may come as the answer to a send or, later, as a status.
"""

from collections.abc import Callable

from django.utils import timezone

from channels_app.models import ChannelConnection, Conversation, Message, OptOut
from channels_app.services.consent import NETWORK, opt_out
from channels_app.services.templates import mark_unusable
from tenants.plugins.errors import (
    AccountStopped,
    AccountTrouble,
    CredentialsRejected,
    OptedOut,
    ProviderError,
    RecipientUnreachable,
    TemplateRefused,
    WantsNothing,
)

Health = ChannelConnection.Health


def draw_consequences(*, message: Message, meaning: type[ProviderError], text: str) -> None:
    """Do what follows from this kind of refusal; most have no consequence."""
    for kind, follow in CONSEQUENCES.items():
        if issubclass(meaning, kind):
            follow(message, text)
            return


def set_health(*, connection: ChannelConnection, health: str, text: str) -> None:
    """What a page shows beside the channel; ``stopped`` also keeps everything from going out."""
    ChannelConnection.objects.filter(pk=connection.pk).update(health=health, health_text=text[:300])
    connection.health, connection.health_text = health, text[:300]


def _reconnect(message: Message, text: str) -> None:
    set_health(connection=message.connection, health=Health.RECONNECT, text=text)


def _stop(message: Message, text: str) -> None:
    set_health(connection=message.connection, health=Health.STOPPED, text=text)


def _trouble(message: Message, text: str) -> None:
    set_health(connection=message.connection, health=Health.TROUBLE, text=text)


def _note_opt_out(message: Message, text: str) -> None:
    _opt_out(message, text, OptOut.Purpose.MARKETING)


def _note_silence(message: Message, text: str) -> None:
    _opt_out(message, text, OptOut.Purpose.ALL)


def _opt_out(message: Message, text: str, purpose: str) -> None:
    opt_out(
        contact=message.conversation.contact,
        connection=message.connection,
        purpose=purpose,
        source=NETWORK,
        reason=text,
    )


def _give_up_on(message: Message, text: str) -> None:
    Conversation.objects.filter(pk=message.conversation_id).update(unreachable_at=timezone.now())


def _put_template_aside(message: Message, text: str) -> None:
    if message.template:
        mark_unusable(connection=message.connection, template=message.template, reason=text)


CONSEQUENCES: dict[type[ProviderError], Callable[[Message, str], None]] = {
    CredentialsRejected: _reconnect,
    AccountStopped: _stop,
    AccountTrouble: _trouble,
    WantsNothing: _note_silence,
    OptedOut: _note_opt_out,
    RecipientUnreachable: _give_up_on,
    TemplateRefused: _put_template_aside,
}
