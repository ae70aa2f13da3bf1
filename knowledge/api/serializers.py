"""Knowledge on the wire."""

from rest_framework import serializers

from knowledge.loaders import LOADERS
from knowledge.models import Document, Passage
from knowledge.services import FACETS


class DocumentSerializer(serializers.ModelSerializer):
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Document
        fields = [
            *("id", "title", "kind", "source_name", "language", "status", "error", "progress"),
            *("version", "size", "passage_count", "tags", "product", "valid_from", "valid_until"),
            *("created_at", "updated_at", "indexed_at"),
        ]
        read_only_fields = fields


class NewDocumentSerializer(serializers.Serializer):
    """A file (multipart) or a text (JSON), never both."""

    file = serializers.FileField(
        required=False, help_text="Any of the kinds below; multipart only."
    )
    text = serializers.CharField(required=False, trim_whitespace=False, help_text="Pasted text.")
    title = serializers.CharField(
        max_length=200, required=False, help_text="Without one the document's own is taken."
    )
    source_name = serializers.CharField(
        max_length=255,
        required=False,
        help_text="Names the source of a text: the same name with new content replaces the old.",
    )
    kind = serializers.ChoiceField(
        choices=LOADERS.choices(), required=False, help_text="Told by the content without it."
    )

    def validate(self, attrs: dict) -> dict:
        if ("file" in attrs) == ("text" in attrs):
            raise serializers.ValidationError("Send either a file or a text.", code="required")
        return attrs

    @property
    def content(self) -> bytes:
        given = self.validated_data.get("file")
        return given.read() if given else self.validated_data["text"].encode()

    @property
    def named(self) -> str:
        given = self.validated_data.get("file")
        name = self.validated_data.get("source_name", "")
        return name or (given.name if given else "")


class ChangedDocumentSerializer(serializers.Serializer):
    """Another title, another content, or where and when it counts."""

    title = serializers.CharField(max_length=200, required=False)
    text = serializers.CharField(required=False, trim_whitespace=False)
    file = serializers.FileField(required=False, help_text="Multipart only.")
    tags = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    product = serializers.CharField(max_length=100, required=False, allow_blank=True)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_until = serializers.DateField(
        required=False, allow_null=True, help_text="Outside its dates it answers nothing."
    )

    @property
    def facets(self) -> dict:
        return {name: self.validated_data[name] for name in FACETS if name in self.validated_data}

    @property
    def content(self) -> bytes | None:
        if given := self.validated_data.get("file"):
            return given.read()
        text = self.validated_data.get("text")
        return text.encode() if text is not None else None


class PassageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Passage
        fields = [
            *("id", "document", "document_version", "position", "heading", "text", "language"),
            "token_count",
        ]
        read_only_fields = fields


class SearchSerializer(serializers.Serializer):
    """What is asked."""

    question = serializers.CharField(max_length=2_000)
    limit = serializers.IntegerField(min_value=1, max_value=20, default=5)
    language = serializers.CharField(
        max_length=8, required=False, help_text="The question's: ISO 639-1."
    )
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=LOADERS.choices()), required=False
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        help_text="One of them is enough.",
    )
    products = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    languages = serializers.ListField(
        child=serializers.CharField(max_length=8), required=False, help_text="The passages'."
    )
    on = serializers.DateField(
        required=False, help_text="The day on which documents must be valid; today without it."
    )


class FoundPassageSerializer(serializers.Serializer):
    passage_id = serializers.IntegerField()
    document_id = serializers.IntegerField()
    document_title = serializers.CharField()
    document_version = serializers.IntegerField()
    heading = serializers.CharField()
    text = serializers.CharField()
    language = serializers.CharField()
    score = serializers.FloatField(help_text="Orders the passages of one search.")
    similarity = serializers.FloatField(help_text="Cosine of question and passage.")


class SearchResultSerializer(serializers.Serializer):
    passages = FoundPassageSerializer(many=True)
    confidence = serializers.FloatField(help_text="0..1: that these passages hold the answer.")
    grounded = serializers.BooleanField(help_text="Whether we would answer from them.")
    threshold = serializers.FloatField(help_text="The confidence from which on we answer.")
    knowledge_version = serializers.CharField()
