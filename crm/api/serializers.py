"""CRM connections and sync records on the wire. Secrets go in and never come out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.models import CrmConnection, SyncAttempt, SyncRecord
from crm.providers import CRMS


class CrmConnectionSerializer(serializers.ModelSerializer):
    class Meta:
        model = CrmConnection
        fields = [
            *("id", "kind", "name", "is_active", "health", "health_text", "last_synced_at"),
            *("signed_in_by", "signed_in_at", "account_id", "token_expires_at", "created_at"),
        ]
        read_only_fields = fields


class ConnectedCrmSerializer(CrmConnectionSerializer):
    """A new connection; ``secret`` is shown this once, where we made it."""

    secret = serializers.CharField(required=False)

    class Meta(CrmConnectionSerializer.Meta):
        fields = [*CrmConnectionSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class ConnectCrmSerializer(serializers.Serializer):
    """By a key; a consent of the CRM's own pages is given in a person's browser."""

    kind = serializers.ChoiceField(choices=CRMS.choices())
    name = serializers.CharField(max_length=100, required=False, default="")
    config = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="hubspot, pipedrive: token, base_url. salesforce: base_url, client_id,"
        " client_secret. webhook: base_url, secret (made if left out).",
    )


class ReconnectCrmSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100, required=False, default="")
    is_active = serializers.BooleanField(required=False, default=True)
    config = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        default=dict,
        help_text="What is left out or empty stays as it was.",
    )


class SyncAttemptSerializer(serializers.ModelSerializer):
    class Meta:
        model = SyncAttempt
        fields = [
            *("id", "version", "delivery_id", "status", "request_id", "error_code"),
            *("milliseconds", "at"),
        ]
        read_only_fields = fields


class SyncRecordSerializer(serializers.ModelSerializer):
    error_text = serializers.CharField(read_only=True)

    class Meta:
        model = SyncRecord
        fields = [
            *("id", "connection", "lead", "state", "wanted_version", "synced_version"),
            *("external_id", "attempts", "next_attempt_at", "error_code", "error_text"),
            "last_synced_at",
        ]
        read_only_fields = fields


class SyncRecordDetailSerializer(SyncRecordSerializer):
    tries = serializers.SerializerMethodField(help_text="The newest fifty.")

    class Meta(SyncRecordSerializer.Meta):
        fields = [*SyncRecordSerializer.Meta.fields, "tries"]
        read_only_fields = fields

    @extend_schema_field(SyncAttemptSerializer(many=True))
    def get_tries(self, record: SyncRecord) -> Any:
        return SyncAttemptSerializer(record.tries.all()[:50], many=True).data
