"""What a company teaches its AI, and what the AI told of itself, for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.models import AiDisclosure, Lesson, OwnIntent
from agents.services import intents, lessons
from channels_app.api.callers import actor_of
from tenants.accounts.models import User


class OwnIntentSerializer(serializers.ModelSerializer):
    examples = serializers.ListField(
        child=serializers.CharField(max_length=intents.LONGEST_EXAMPLE),
        min_length=intents.LEAST_EXAMPLES,
        max_length=intents.MOST_EXAMPLES,
        help_text="What people write who mean it, in any language.",
    )
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )

    class Meta:
        model = OwnIntent
        fields = [
            *("id", "key", "name", "description", "examples", "team", "owner", "is_active"),
            *("created_at", "updated_at"),
        ]
        read_only_fields = ["key", "created_at", "updated_at"]


class OwnIntentViewSet(ReadOnlyModelViewSet):
    """The company's own intents beside ours; the autonomy table may name them by ``key``."""

    queryset = OwnIntent.objects.select_related("owner")
    serializer_class = OwnIntentSerializer
    filterset_fields = {"is_active": ["exact"], "key": ["exact"]}

    @extend_schema(request=OwnIntentSerializer, responses={201: OwnIntentSerializer})
    def create(self, request: Request) -> Response:
        """Keep a new one; the next message may have it."""
        made = intents.save_intent(actor=actor_of(request), **self._given(request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=OwnIntentSerializer, responses=OwnIntentSerializer)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, pk: str | None = None) -> Response:
        """Replace what is said of it; its key stays."""
        made = intents.save_intent(
            intent=self.get_object(), actor=actor_of(request), **self._given(request)
        )
        return Response(self.get_serializer(made).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Messages have it no more."""
        intents.remove_intent(intent=self.get_object(), actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _given(self, request: Request) -> dict[str, Any]:
        body = OwnIntentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


class LessonSerializer(serializers.ModelSerializer):
    question = serializers.CharField(read_only=True)
    ai_answer = serializers.CharField(read_only=True)
    answer = serializers.CharField(read_only=True)

    class Meta:
        model = Lesson
        fields = [
            *("id", "origin", "cause", "state", "question", "ai_answer", "answer", "language"),
            *("intent", "changed", "curated_id", "decided_by", "decided_at", "created_at"),
        ]
        read_only_fields = fields


class LearningSerializer(serializers.Serializer):
    question = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    answer = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class LessonViewSet(ReadOnlyModelViewSet):
    """What people wrote instead of the AI, without personal data; each is decided on once."""

    queryset = Lesson.objects.all()
    serializer_class = LessonSerializer
    filterset_fields = {
        "state": ["exact"],
        "cause": ["exact"],
        "intent": ["exact"],
        "created_at": ["gte", "lt"],
    }

    @extend_schema(request=LearningSerializer, responses=LessonSerializer)
    @action(detail=True, methods=["post"])
    def as_example(self, request: Request, pk: str | None = None) -> Response:
        """Show the prompts how this company writes; no fact is taken from it."""
        lesson = lessons.accept_as_example(
            lesson=self.get_object(), actor=actor_of(request), **self._words(request)
        )
        return Response(self.get_serializer(lesson).data)

    @extend_schema(request=LearningSerializer, responses=LessonSerializer)
    @action(detail=True, methods=["post"])
    def as_answer(self, request: Request, pk: str | None = None) -> Response:
        """Give these words to whoever asks the like."""
        lesson = lessons.accept_as_answer(
            lesson=self.get_object(), actor=actor_of(request), **self._words(request)
        )
        return Response(self.get_serializer(lesson).data)

    @extend_schema(request=None, responses=LessonSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        """Nothing is learnt from it; an example is shown no more."""
        lesson = lessons.dismiss(lesson=self.get_object(), actor=actor_of(request))
        return Response(self.get_serializer(lesson).data)

    def _words(self, request: Request) -> dict[str, str]:
        body = LearningSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


class AiDisclosureSerializer(serializers.ModelSerializer):
    contact = serializers.IntegerField(source="conversation.contact_id", read_only=True)

    class Meta:
        model = AiDisclosure
        fields = [
            *("id", "conversation", "contact", "message_id", "occasion", "language", "words"),
            *("platform", "is_public", "at"),
        ]
        read_only_fields = fields


class AiDisclosureViewSet(ReadOnlyModelViewSet):
    """Who was told that an AI answers, when and in which words; newest first."""

    queryset = AiDisclosure.objects.select_related("conversation")
    serializer_class = AiDisclosureSerializer
    filterset_fields = {
        "conversation": ["exact"],
        "occasion": ["exact"],
        "platform": ["exact"],
        "at": ["gte", "lt"],
    }
