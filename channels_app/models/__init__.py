"""Channel connections, what came in over them, and the conversations held."""

from channels_app.models.agreements import (
    MessageTemplate,
    MessageTemplateQuerySet,
    OptOut,
    OptOutQuerySet,
)
from channels_app.models.canaries import Canary
from channels_app.models.checkups import Checkup, OpenFinding
from channels_app.models.connections import ChannelConnection, channel_kinds
from channels_app.models.conversations import Conversation, ConversationQuerySet
from channels_app.models.desk import (
    CannedReply,
    ConversationWords,
    DeskHabits,
    InboxView,
    Label,
    Mention,
    WrittenDraft,
)
from channels_app.models.events import InboundEvent, new_event_id
from channels_app.models.incidents import Incident, IncidentQuerySet
from channels_app.models.media import Media, MediaQuerySet
from channels_app.models.merges import ContactMerge, MergeSuggestion
from channels_app.models.messages import Message
from channels_app.models.people import Contact, ContactIdentity, ContactQuerySet, id_index
from channels_app.models.service import Breach, Promise, Seat, Target
from channels_app.models.sign_ins import SignInAttempt

__all__ = [
    "Breach",
    "Canary",
    "CannedReply",
    "ChannelConnection",
    "Checkup",
    "Contact",
    "ContactIdentity",
    "ContactMerge",
    "ContactQuerySet",
    "Conversation",
    "ConversationQuerySet",
    "ConversationWords",
    "DeskHabits",
    "InboundEvent",
    "InboxView",
    "Incident",
    "IncidentQuerySet",
    "Label",
    "Media",
    "MediaQuerySet",
    "Mention",
    "MergeSuggestion",
    "Message",
    "MessageTemplate",
    "MessageTemplateQuerySet",
    "OpenFinding",
    "OptOut",
    "OptOutQuerySet",
    "Promise",
    "Seat",
    "SignInAttempt",
    "Target",
    "WrittenDraft",
    "channel_kinds",
    "id_index",
    "new_event_id",
]
