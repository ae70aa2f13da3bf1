"""Answers that people write, and what was asked in vain, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from knowledge import services
from knowledge.models import CuratedAnswer, Gap

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}


@extend_schema_field(TEXTS)
class TextsField(serializers.DictField):
    """Language (ISO 639-1) to text."""

    child = serializers.CharField(max_length=4_000, trim_whitespace=True)


class CuratedAnswerSerializer(serializers.ModelSerializer):
    questions: Any = serializers.SlugRelatedField(many=True, read_only=True, slug_field="text")
    answers = TextsField(read_only=True)
    languages = serializers.ListField(child=serializers.CharField(), read_only=True)
    channels = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = CuratedAnswer
        fields = [
            *("id", "title", "questions", "answers", "languages", "channels", "valid_from"),
            *("valid_until", "is_active", "version", "used_count", "last_used_at"),
            *("created_at", "updated_at"),
        ]
        read_only_fields = fields


class ChangedCuratedAnswerSerializer(serializers.Serializer):
    questions = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        help_text="Ways to put the question, in any language.",
    )
    answers = TextsField(
        required=False, help_text="Language to text; who speaks another hears your first."
    )
    languages = serializers.ListField(
        child=serializers.CharField(max_length=8),
        required=False,
        help_text="Whose question it answers; empty: everybody's.",
    )
    channels = serializers.ListField(
        child=serializers.CharField(max_length=32), required=False, help_text="Empty: all."
    )
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_until = serializers.DateField(required=False, allow_null=True)
    is_active = serializers.BooleanField(required=False)


class NewCuratedAnswerSerializer(ChangedCuratedAnswerSerializer):
    questions = serializers.ListField(
        child=serializers.CharField(max_length=300),
        help_text="Ways to put the question, in any language.",
    )
    answers = TextsField(help_text="Language to text; who speaks another hears your first.")


class CuratedAnswerViewSet(mixins.DestroyModelMixin, ReadOnlyModelViewSet):
    """Answers that are given as they are, before any model is asked."""

    queryset = CuratedAnswer.objects.prefetch_related("questions")
    serializer_class = CuratedAnswerSerializer
    filterset_fields = {"is_active": ["exact"]}

    @extend_schema(request=NewCuratedAnswerSerializer, responses={201: CuratedAnswerSerializer})
    def create(self, request: Request) -> Response:
        """Write an answer; it is given from the next question on."""
        body = NewCuratedAnswerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        answer = services.add_curated_answer(**body.validated_data, actor=_actor(request))
        return Response(CuratedAnswerSerializer(answer).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangedCuratedAnswerSerializer, responses=CuratedAnswerSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Change what is said, or to whom; the next question hears it."""
        answer = self.get_object()
        body = ChangedCuratedAnswerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_curated_answer(answer=answer, **body.validated_data, actor=_actor(request))
        return Response(CuratedAnswerSerializer(self.get_object()).data)

    def perform_destroy(self, instance: CuratedAnswer) -> None:
        services.remove_curated_answer(answer=instance, actor=_actor(self.request))


class KnowledgeGapSerializer(serializers.ModelSerializer):
    label: Any = serializers.CharField(read_only=True, help_text="Without personal data.")
    channels = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    causes = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    examples = serializers.SerializerMethodField(help_text="The newest, without personal data.")

    class Meta:
        model = Gap
        fields = [
            *("id", "label", "language", "status", "asked", "channels", "causes", "examples"),
            *("reopened", "answer", "document", "first_asked_at", "last_asked_at", "closed_at"),
        ]
        read_only_fields = fields

    def get_examples(self, gap: Gap) -> list[str]:
        return [question.text for question in list(gap.questions.all())[:5]]


class GapAnswerSerializer(NewCuratedAnswerSerializer):
    questions = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        help_text="Without any, those that were asked.",
    )


class GapViewSet(ReadOnlyModelViewSet):
    """What people asked in vain, gathered by meaning; the most wanted first."""

    queryset = Gap.objects.defer("embedding").prefetch_related("questions")
    serializer_class = KnowledgeGapSerializer
    filterset_fields = {"status": ["exact"], "language": ["exact"]}

    @extend_schema(request=GapAnswerSerializer, responses={201: CuratedAnswerSerializer})
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str | None = None) -> Response:
        """Write the answer. The gap closes with it, and opens again if it is asked in vain."""
        gap = self.get_object()
        body = GapAnswerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        asked = given.pop("questions", None)
        examples = [gap.label, *(question.text for question in gap.questions.all()[:3])]
        answer = services.add_curated_answer(
            questions=asked or list(dict.fromkeys(examples)),
            **given,
            gap=gap,
            actor=_actor(request),
        )
        return Response(CuratedAnswerSerializer(answer).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=KnowledgeGapSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        """It stays away, however often it is asked."""
        services.dismiss_gap(gap=self.get_object(), actor=_actor(request))
        return Response(KnowledgeGapSerializer(self.get_object()).data)

    @extend_schema(request=None, responses=KnowledgeGapSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str | None = None) -> Response:
        services.reopen_gap(gap=self.get_object(), actor=_actor(request))
        return Response(KnowledgeGapSerializer(self.get_object()).data)


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)
