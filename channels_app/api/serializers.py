"""What the API shows of channels, people and conversations. Secrets are never among it."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels_app.media.api import MediaSerializer
from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    Conversation,
    InboundEvent,
    Message,
    MessageTemplate,
    OptOut,
)
from channels_app.providers import CHANNELS
from channels_app.services import webhook_url
from tenants.accounts.models import User


class ConnectionSerializer(serializers.ModelSerializer):
    webhook_url = serializers.SerializerMethodField()
    scopes = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="what the network lets us do"
    )

    class Meta:
        model = ChannelConnection
        fields = [
            "id",
            "platform",
            "account_id",
            "name",
            "is_active",
            "is_sandbox",
            "health",
            "health_text",
            "signed_in_by",
            "scopes",
            "token_expires_at",
            "checked_at",
            "last_inbound_at",
            "last_outbound_at",
            "created_at",
            "webhook_url",
        ]

    def get_webhook_url(self, connection: ChannelConnection) -> str:
        return webhook_url(connection)


class ConnectSerializer(serializers.Serializer):
    """A new connection; ``config`` holds the platform's own settings, write-only."""

    platform = serializers.ChoiceField(choices=CHANNELS.choices())
    account_id = serializers.CharField(
        max_length=190,
        default="",
        allow_blank=True,
        help_text="The network's id; left out where there is no network (webchat, form).",
    )
    name = serializers.CharField(max_length=100, required=False, default="")
    config = serializers.DictField(child=serializers.CharField(allow_blank=True), write_only=True)


class AdjustSerializer(serializers.Serializer):
    settings = serializers.DictField(
        child=serializers.JSONField(),
        allow_empty=False,
        help_text="By name, as the network's form has them, such as `team` of a web chat.",
    )


class IdentitySerializer(serializers.ModelSerializer):
    external_id = serializers.CharField(read_only=True)
    display = serializers.CharField(read_only=True)

    class Meta:
        model = ContactIdentity
        fields = ["platform", "account_id", "external_id", "display"]


class ContactSerializer(serializers.ModelSerializer):
    name = serializers.CharField(read_only=True)
    email = serializers.CharField(read_only=True)
    phone = serializers.CharField(read_only=True)
    identities = IdentitySerializer(many=True, read_only=True)

    class Meta:
        model = Contact
        fields = [
            "id",
            "name",
            "email",
            "phone",
            "language",
            "is_blocked",
            "has_opted_out",
            "absorbed_into",
            "created_at",
            "updated_at",
            "identities",
        ]


class ConversationSerializer(serializers.ModelSerializer):
    platform = serializers.CharField(source="connection.platform", read_only=True)
    contact_name = serializers.CharField(source="contact.name", read_only=True)
    preview = serializers.CharField(read_only=True)
    window_closes_at = serializers.DateTimeField(read_only=True, allow_null=True)
    labels: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)

    class Meta:
        model = Conversation
        fields = [
            "id",
            "connection",
            "platform",
            "contact",
            "contact_name",
            "surface",
            "is_led_elsewhere",
            "status",
            "snoozed_until",
            "labels",
            "controller",
            "turn_version",
            "assignee",
            "escalation_reason",
            "language",
            "unread_count",
            "last_message_at",
            "last_inbound_at",
            "waiting_since",
            "due_at",
            "due_for",
            "window_closes_at",
            "preview",
            "created_at",
        ]
        read_only_fields = fields


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonField(serializers.Field):
    """Stored JSON as it is."""

    def to_representation(self, value: Any) -> Any:
        return value


class MessageSerializer(serializers.ModelSerializer):
    text = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)
    sender_name = serializers.CharField(read_only=True)
    attachments = serializers.ListField(child=serializers.DictField(), read_only=True)
    media = MediaSerializer(many=True, read_only=True)
    reactions = JsonField(read_only=True)

    class Meta:
        model = Message
        fields = [
            "id",
            "conversation",
            "direction",
            "author",
            "user",
            "external_id",
            "sender_name",
            "text",
            "attachments",
            "media",
            "reactions",
            "state",
            "error_code",
            "error_text",
            "run_id",
            "answers",
            "is_private",
            "hidden_at",
            "provider_time",
            "received_at",
            "sent_at",
            "edited_at",
            "deleted_at",
        ]
        read_only_fields = fields


class InboundEventSerializer(serializers.ModelSerializer):
    """Without the body: the console shows it to those who may see it."""

    class Meta:
        model = InboundEvent
        fields = [
            "id",
            "connection",
            "kind",
            "status",
            "outcome",
            "reason",
            "attempts",
            "received_at",
            "processed_at",
        ]


class TemplateSerializer(serializers.Serializer):
    """A message that the network approved: with ``values`` for its gaps, by their keys (see a
    conversation's ``templates``), or with ``components`` as the network itself wants them."""

    name = serializers.CharField(max_length=512)
    language = serializers.CharField(max_length=16)
    components = serializers.ListField(
        child=serializers.DictField(), required=False, default=list, max_length=20
    )
    values = serializers.DictField(child=serializers.CharField(max_length=2_000), required=False)


class ReplySerializer(serializers.Serializer):
    """In public, ``answers`` is the comment meant (else the last one), ``is_private`` answers
    it in private. With a ``template``, ``text`` is what colleagues see of it.

    ``media`` names uploaded files. Where the network takes fewer at once, or no words beside
    them, several messages are sent; the answer is the first.
    """

    text = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    answers = serializers.PrimaryKeyRelatedField(
        queryset=Message.objects.filter(direction=Message.Direction.IN),
        required=False,
        allow_null=True,
        default=None,
    )
    is_private = serializers.BooleanField(default=False)
    template = TemplateSerializer(required=False, allow_null=True, default=None)
    media = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=10
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["media"] and attrs["template"]:
            raise serializers.ValidationError({"media": "A template goes without files."})
        return attrs


class MessageTemplateSerializer(serializers.ModelSerializer):
    components = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        model = MessageTemplate
        fields = ["name", "language", "status", "category", "components", "reason", "updated_at"]
        read_only_fields = fields


class GapSerializer(serializers.Serializer):
    """``kind``: text, code, or a file's (image, video, document), whose value is an address."""

    key = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    kind = serializers.CharField()
    example = serializers.CharField(allow_blank=True)


class OfferedTemplateSerializer(serializers.Serializer):
    """A template that may be sent here; ``preview`` shows its gaps in brackets."""

    name = serializers.CharField()
    language = serializers.CharField()
    category = serializers.CharField()
    gaps = GapSerializer(many=True)
    preview = serializers.CharField()


class OptOutSerializer(serializers.Serializer):
    """``connection`` empty means every channel."""

    purpose = serializers.ChoiceField(choices=OptOut.Purpose.choices, default=OptOut.Purpose.ALL)
    connection = serializers.PrimaryKeyRelatedField(
        queryset=ChannelConnection.objects.all(), required=False, allow_null=True, default=None
    )
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class TakeOverSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class AssignSerializer(serializers.Serializer):
    assignee = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), allow_null=True
    )
