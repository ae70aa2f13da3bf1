"""Questions, answers and runs on the wire."""

from rest_framework import serializers

from agents.models import ModelCall, Run, RunStep


class ChatQuestionSerializer(serializers.Serializer):
    """``query`` may stand in the body or in the address."""

    query = serializers.CharField(max_length=4_000)
    session_id = serializers.RegexField(
        r"^[\w.:-]{1,64}\Z",
        required=False,
        default="",
        allow_blank=True,
        help_text="Earlier questions of the same session are remembered.",
    )
    language = serializers.RegexField(
        r"^[a-z]{2}\Z",
        required=False,
        default="",
        allow_blank=True,
        help_text="ISO 639-1; left out, the question's own language.",
    )


class ChatSourceSerializer(serializers.Serializer):
    """A passage of a document, or a curated answer; what it is not is null."""

    document_id = serializers.IntegerField(allow_null=True, default=None)
    document_version = serializers.IntegerField(allow_null=True, default=None)
    title = serializers.CharField()
    passage_id = serializers.IntegerField(allow_null=True, default=None)
    curated_id = serializers.IntegerField(allow_null=True, default=None)
    curated_version = serializers.IntegerField(allow_null=True, default=None)
    quote = serializers.CharField(help_text="Literally in the source.")


class ChatAnswerSerializer(serializers.Serializer):
    answer = serializers.CharField()
    confidence = serializers.FloatField(help_text="0 to 1; 0 for a refusal.")
    sources = ChatSourceSerializer(many=True)
    refused = serializers.BooleanField()
    session_id = serializers.CharField()
    language = serializers.CharField()


class RulingSerializer(serializers.Serializer):
    """What the autonomy policy said of the reply; empty where none was drafted."""

    act = serializers.CharField(required=False)
    level = serializers.CharField(required=False)
    points = serializers.IntegerField(required=False)
    reasons = serializers.ListField(child=serializers.CharField(), required=False)
    row = serializers.CharField(required=False)
    seconds = serializers.IntegerField(required=False)


class RunSerializer(serializers.ModelSerializer):
    ruling = RulingSerializer(read_only=True)
    outcome = serializers.ChoiceField(
        choices=Run.Outcome.choices,
        allow_blank=True,
        read_only=True,
        help_text="Empty until its end.",
    )
    sources = ChatSourceSerializer(many=True, read_only=True)
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Run
        fields = [
            *("id", "conversation", "first_message", "last_message", "turn_version", "status"),
            *("outcome", "outcome_reason", "intent", "confidence", "sentiment", "language"),
            *("own_intent", "ruling"),
            *("sources", "warnings", "cost", "agent_version", "experiment"),
            *("created_at", "started_at", "finished_at"),
        ]
        read_only_fields = fields


class RunStepSerializer(serializers.ModelSerializer):
    detail = serializers.DictField(read_only=True)

    class Meta:
        model = RunStep
        fields = ["name", "state", "detail", "warning", "milliseconds", "created_at"]
        read_only_fields = fields


class ModelCallSerializer(serializers.ModelSerializer):
    class Meta:
        model = ModelCall
        fields = [
            *("task", "provider", "model", "status", "error", "input_tokens", "output_tokens"),
            *("cached_tokens", "cost", "milliseconds", "created_at"),
        ]
        read_only_fields = fields


class RunDetailSerializer(RunSerializer):
    """A run with every step and every model call behind it."""

    draft = serializers.CharField(read_only=True)
    steps = RunStepSerializer(many=True, read_only=True)
    model_calls = ModelCallSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "draft", "steps", "model_calls"]
        read_only_fields = fields
