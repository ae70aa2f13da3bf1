"""What happens in conversations and to channels, as single people are told of it."""

from django.utils.translation import gettext_lazy as _

from channels_app.models import ChannelConnection, Conversation
from tenants.accounts.models import User
from tenants.notices.kinds import Kind, Mail, Wish, declare
from tenants.notices.services import read_subject, tell

_TALK = "channels_app:conversation"
_SOON = Wish(mail=Mail.SOON)

ASSIGNED = declare(
    "assigned",
    label=_("A conversation is given to me"),
    title=_("A conversation is yours"),
    icon="person",
    place=_TALK,
    permission="channels_app.view_conversation",
    usual=_SOON,
)
MENTIONED = declare(
    "mentioned",
    label=_("A colleague mentions me in a note"),
    title=_("A colleague mentioned you"),
    icon="at",
    place=_TALK,
    permission="channels_app.view_conversation",
    usual=_SOON,
)
HANDED_OVER = declare(
    "handed_over",
    label=_("The AI hands a conversation to people"),
    title=_("A conversation needs a person"),
    icon="hand",
    place=_TALK,
    permission="channels_app.change_conversation",
    usual=_SOON,
)
PROMISE_BROKEN = declare(
    "promise_broken",
    label=_("Somebody waits longer than was promised"),
    title=_("Somebody waits longer than was promised"),
    icon="clock",
    place=_TALK,
    permission="channels_app.change_conversation",
    usual=_SOON,
)
CHANNEL_BROKEN = declare(
    "channel_broken",
    label=_("A channel needs attention"),
    title=_("A channel needs attention"),
    icon="alert",
    place="channels_app:channel",
    permission="channels_app.change_channelconnection",
    has_mail=False,  # the doctor writes to the admins
)
# Who has the conversation open knows them.
SEEN_IN_TALK = (ASSIGNED.name, MENTIONED.name, HANDED_OVER.name, PROMISE_BROKEN.name)


def assigned(conversation: Conversation, by: User | None) -> None:
    """It is somebody's now; who took it knows."""
    if conversation.assignee_id is not None:
        tell(
            ASSIGNED,
            people=[conversation.assignee_id],
            subject=conversation.pk,
            about=str(conversation),
            by=by,
        )


def mentioned(conversation: Conversation, people: list[int], by: User | None) -> None:
    tell(MENTIONED, people=people, subject=conversation.pk, about=str(conversation), by=by)


def handed_over(conversation: Conversation) -> None:
    """Whose it is, or everybody who may answer."""
    _tell_whose(conversation, HANDED_OVER)


def promise_broken(conversation: Conversation) -> None:
    _tell_whose(conversation, PROMISE_BROKEN)


def channel_broken(connection: ChannelConnection) -> None:
    tell(CHANNEL_BROKEN, subject=connection.pk, about=connection.name)


def looked_at(conversation: Conversation, user: User) -> None:
    read_subject(user=user, kinds=SEEN_IN_TALK, subject=conversation.pk)


def _tell_whose(conversation: Conversation, kind: Kind) -> None:
    whose = [conversation.assignee_id] if conversation.assignee_id else None
    tell(kind, people=whose, subject=conversation.pk, about=str(conversation))
