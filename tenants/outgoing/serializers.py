"""Webhooks on the wire. A secret is in the answer that made it, and nowhere else."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.outgoing.events import choosable
from tenants.outgoing.models import Attempt, Delivery, Endpoint
from tenants.outgoing.services.endpoints import LONGEST_OVERLAP, LONGEST_URL


def event_choices() -> list[tuple[str, str]]:
    return [(event.name, event.text) for event in choosable()]


class EndpointSerializer(serializers.ModelSerializer):
    url = serializers.CharField(read_only=True)
    events = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_changing_secret = serializers.BooleanField(
        read_only=True, help_text="Whether deliveries are signed with the former secret, too."
    )

    class Meta:
        model = Endpoint
        fields = [
            *("id", "name", "url", "events", "state", "cause", "failing_since", "failures"),
            *("last_error", "last_success_at", "is_changing_secret", "former_until"),
            *("created_by", "created_at", "updated_at"),
        ]
        read_only_fields = fields


class NewEndpointSerializer(EndpointSerializer):
    """The one answer that carries the secret."""

    secret = serializers.CharField(read_only=True, help_text="Shown this once: `whsec_…`.")

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class AddEndpointSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    url = serializers.CharField(max_length=LONGEST_URL, help_text="Begins with https://.")
    events = serializers.ListField(
        child=serializers.CharField(max_length=32),
        allow_empty=False,
        max_length=100,
        help_text="Names of `/webhooks/events/`.",
    )


class ChangeEndpointSerializer(serializers.Serializer):
    """What is left out stays."""

    name = serializers.CharField(max_length=100, required=False)
    url = serializers.CharField(max_length=LONGEST_URL, required=False)
    events = serializers.ListField(
        child=serializers.CharField(max_length=32),
        allow_empty=False,
        max_length=100,
        required=False,
    )


class RotateSerializer(serializers.Serializer):
    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_OVERLAP,
        default=24,
        help_text="For so long deliveries are signed with both secrets.",
    )


class ResumeSerializer(serializers.Serializer):
    send_waiting = serializers.BooleanField(
        default=True, help_text="False: what waited meanwhile is let go."
    )


class ReplayFailedSerializer(serializers.Serializer):
    since = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Given up at or after this."
    )


class CountSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="How many are on their way again.")


class AttemptSerializer(serializers.ModelSerializer):
    error_text = serializers.CharField(read_only=True)
    request_headers = serializers.DictField(child=serializers.CharField(), read_only=True)
    answer_headers = serializers.DictField(child=serializers.CharField(), read_only=True)
    answer_body = serializers.CharField(
        read_only=True, help_text="Its first 2,000 characters, without secrets."
    )

    class Meta:
        model = Attempt
        fields = [
            *("id", "at", "status", "milliseconds", "error_code", "error_text"),
            *("request_headers", "answer_headers", "answer_body"),
        ]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer):
    webhook_id = serializers.CharField(
        source="public_id", read_only=True, help_text="As the header of that name says it."
    )
    type = serializers.CharField(source="event.kind", read_only=True)
    sequence = serializers.IntegerField(source="event_id", read_only=True)
    happened_at = serializers.DateTimeField(source="event.created_at", read_only=True)

    class Meta:
        model = Delivery
        fields = [
            *("id", "webhook_id", "endpoint", "type", "sequence", "happened_at", "state"),
            *("attempts", "next_attempt_at", "settled_at", "status", "error_code"),
        ]
        read_only_fields = fields


class DeliveryDetailSerializer(DeliverySerializer):
    body = serializers.SerializerMethodField(help_text="What is sent, byte for byte.")
    tries = serializers.SerializerMethodField(help_text="The newest fifty.")

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "body", "tries"]
        read_only_fields = fields

    def get_body(self, row: Delivery) -> str:
        return row.event.body().decode()

    @extend_schema_field(AttemptSerializer(many=True))
    def get_tries(self, row: Delivery) -> Any:
        return AttemptSerializer(row.tries.all()[:50], many=True).data


class EventTypeSerializer(serializers.Serializer):
    """One kind of event, with the JSON schema of its body and an example."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    group = serializers.CharField(source="group.name")
    text = serializers.CharField()
    schema = serializers.DictField()
    example = serializers.DictField()


class EventCatalogueSerializer(serializers.Serializer):
    events = EventTypeSerializer(many=True)
