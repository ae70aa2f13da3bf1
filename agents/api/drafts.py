"""Replies that wait, and the policy they wait by, for programs."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.api.serializers import ChatSourceSerializer
from agents.guardrails.autonomy import Act
from agents.models import AutonomyPolicy, ReplyDraft
from agents.services import autonomy, drafts
from channels_app.api.callers import actor_of, person_of
from tenants.api.exceptions import problem


class ReplyDraftSerializer(serializers.ModelSerializer):
    """``text`` is what the AI wrote, ``edited_text`` what a person made of it."""

    text = serializers.CharField(read_only=True)
    edited_text = serializers.CharField(read_only=True)
    sources = ChatSourceSerializer(many=True, read_only=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_overtaken = serializers.BooleanField(
        read_only=True, help_text="The conversation has moved on: it cannot be sent any more."
    )

    class Meta:
        model = ReplyDraft
        fields = [
            *("id", "conversation", "run", "state", "turn_version", "text", "edited_text"),
            *("sources", "reasons", "level", "language", "send_at", "expires_at", "is_overtaken"),
            *("decided_by", "decided_at", "rejection", "message_id", "created_at"),
        ]
        read_only_fields = fields


class ApprovalSerializer(serializers.Serializer):
    text = serializers.CharField(
        max_length=8_000,
        required=False,
        default="",
        allow_blank=True,
        help_text="Other words to send; left out, the draft's own.",
    )


class WordsSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=8_000)


class RejectionSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


REFUSED = OpenApiResponse(description="Decided already, overtaken, or refused by the network.")


class ReplyDraftViewSet(ReadOnlyModelViewSet):
    """Replies of the AI that were not sent at once, newest first; each is decided on once."""

    queryset = ReplyDraft.objects.select_related("conversation")
    serializer_class = ReplyDraftSerializer
    filterset_fields = {
        "state": ["exact", "in"],
        "conversation": ["exact"],
        "level": ["exact"],
        "created_at": ["gte", "lt"],
    }

    @extend_schema(request=ApprovalSerializer, responses={200: ReplyDraftSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str | None = None) -> Response:
        """Send it; a scheduled one at once. 409 where nothing may be sent any more."""
        body = ApprovalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        text = body.validated_data["text"]
        return self._decided(
            request, lambda draft, by: drafts.approve(draft=draft, text=text, **by)
        )

    @extend_schema(request=WordsSerializer, responses={200: ReplyDraftSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, pk: str | None = None) -> Response:
        """Keep other words for it; nothing is sent, and a scheduled one waits for approval."""
        body = WordsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        text = body.validated_data["text"]
        return self._decided(request, lambda draft, by: drafts.rewrite(draft=draft, text=text))

    @extend_schema(request=RejectionSerializer, responses={200: ReplyDraftSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str | None = None) -> Response:
        """It is not sent; a person leads the conversation from here on."""
        body = RejectionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        reason = body.validated_data["reason"]
        return self._decided(
            request, lambda draft, by: drafts.reject(draft=draft, reason=reason, **by)
        )

    @extend_schema(request=None, responses={200: ReplyDraftSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str | None = None) -> Response:
        """Stop the clock of a scheduled one: it waits for approval."""
        return self._decided(request, lambda draft, by: drafts.undo(draft=draft, **by))

    def _decided(
        self, request: Request, decide: Callable[[ReplyDraft, dict[str, Any]], object]
    ) -> Response:
        draft = self.get_object()
        try:
            decide(draft, {"user": person_of(request), "actor": actor_of(request)})
        except drafts.DraftRefused as refused:
            return problem(409, refused.code.partition(":")[0], refused.text)
        return Response(self.get_serializer(self.get_queryset().get(pk=draft.pk)).data)


ACTS = [(act.value, act.name) for act in Act]


class PolicyRowSerializer(serializers.Serializer):
    channel = serializers.CharField(
        max_length=32, help_text="A network's kind, or any, private, public."
    )
    intent = serializers.CharField(max_length=60)
    low = serializers.ChoiceField(choices=ACTS)
    medium = serializers.ChoiceField(choices=ACTS)
    high = serializers.ChoiceField(choices=ACTS)


class AutonomyPolicySerializer(serializers.ModelSerializer):
    """Version 0 is the built-in table."""

    rows = PolicyRowSerializer(many=True)
    created_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = AutonomyPolicy
        fields = [
            *("version", "rows", "delay_seconds", "expires_hours", "note", "changed_by"),
            "created_at",
        ]
        read_only_fields = ["version", "changed_by", "created_at"]


class AutonomyView(APIView):
    """What the AI may do by itself: channel × intent × risk."""

    serializer_class = AutonomyPolicySerializer

    @property
    def permission(self) -> str:
        verb = "view" if self.request.method in {"GET", "HEAD", "OPTIONS"} else "change"
        return f"agents.{verb}_autonomypolicy"

    @extend_schema(responses=AutonomyPolicySerializer)
    def get(self, request: Request) -> Response:
        """The table in force."""
        return Response(AutonomyPolicySerializer(autonomy.policy_in_force()).data)

    @extend_schema(request=AutonomyPolicySerializer, responses=AutonomyPolicySerializer)
    def put(self, request: Request) -> Response:
        """Put another table in force, as a new version."""
        body = AutonomyPolicySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        made = autonomy.change_policy(
            rows=given["rows"],
            delay_seconds=given.get("delay_seconds", 30),
            expires_hours=given.get("expires_hours", 24),
            note=given.get("note", ""),
            actor=actor_of(request),
        )
        return Response(AutonomyPolicySerializer(made).data)
