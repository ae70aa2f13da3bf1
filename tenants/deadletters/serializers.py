"""Dead letters on the wire."""

from rest_framework import serializers

from tenants.deadletters.models import ReplayOrder


class LetterSerializer(serializers.Serializer):
    """One row that was given up."""

    id = serializers.CharField(source="key", help_text="Kind and number, as `outbound-7`.")
    kind = serializers.CharField(
        help_text="`inbound`, `unrouted`, `outbound`, `crm`, `webhook`, `hook`, `event`;"
        " only where it is asked for, `unsupported`."
    )
    reason = serializers.CharField(help_text="What letters are gathered by; branch on this.")
    text = serializers.CharField(help_text="The reason as a sentence.")
    given_up_at = serializers.DateTimeField(source="at")
    first_at = serializers.DateTimeField()
    attempts = serializers.IntegerField()
    platform = serializers.CharField()
    connection = serializers.CharField(source="source", help_text="Its name.")
    about = serializers.CharField()
    doubt = serializers.CharField(help_text="Why it is not simply tried again; empty if it is.")


class LetterDetailSerializer(LetterSerializer):
    payload = serializers.CharField(help_text="What is in it; masked where `is_masked`.")
    is_masked = serializers.BooleanField()


class LetterPageSerializer(serializers.Serializer):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LetterSerializer(many=True)


class TallySerializer(serializers.Serializer):
    kind = serializers.CharField()
    reason = serializers.CharField()
    platform = serializers.CharField()
    count = serializers.IntegerField()


class ReplaySerializer(serializers.Serializer):
    """``did_not_arrive`` is a person's word about a message whose fate is unknown."""

    did_not_arrive = serializers.BooleanField(default=False)


class OrderSerializer(serializers.ModelSerializer):
    """An order about many letters: what is meant, and how far it has got."""

    refusals = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = ReplayOrder
        fields = [
            *("id", "deed", "kind", "reason", "platform", "since"),
            *("state", "total", "done", "refused", "refusals"),
            *("ordered_by", "created_at", "finished_at"),
        ]
        read_only_fields = [
            *("state", "total", "done", "refused", "ordered_by", "created_at", "finished_at")
        ]
