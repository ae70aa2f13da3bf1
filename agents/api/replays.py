"""Trials of drafts, for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.models import Replay, ReplayTurn
from agents.services import replays
from channels_app.api.callers import actor_of


class ReplayModelSerializer(serializers.Serializer):
    """Who answered a task of the trial, and how many of its turns."""

    task = serializers.CharField()
    route = serializers.CharField(help_text="provider/model; offline/engine reads no prompts.")
    turns = serializers.IntegerField()


class ReplaySerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="version.number", read_only=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)
    summary = serializers.DictField(read_only=True)
    models = ReplayModelSerializer(many=True, read_only=True)

    class Meta:
        model = Replay
        fields = [
            *("id", "version", "status", "verdict", "reasons", "summary", "models", "from_history"),
            *("estimate", "allowance", "cost", "tokens", "created_at", "finished_at"),
        ]
        read_only_fields = fields


class ReplayTurnSerializer(serializers.ModelSerializer):
    asked = serializers.DictField(read_only=True)
    before = serializers.DictField(read_only=True)
    after = serializers.DictField(read_only=True)
    findings = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ReplayTurn
        fields = [
            *("position", "kind", "run", "stratum", "asked", "before", "after", "state"),
            *("findings", "is_failing", "cost", "milliseconds"),
        ]
        read_only_fields = fields


class ReplayDetailSerializer(ReplaySerializer):
    """A trial with every turn of its sample."""

    turns = ReplayTurnSerializer(many=True, read_only=True)

    class Meta(ReplaySerializer.Meta):
        fields = [*ReplaySerializer.Meta.fields, "turns"]
        read_only_fields = fields


class ReplayViewSet(ReadOnlyModelViewSet):
    """Trials of drafts; one shows every turn, then and now."""

    queryset = Replay.objects.select_related("version")
    filterset_fields = {"status": ["exact"], "verdict": ["exact"], "version__number": ["exact"]}

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.prefetch_related("turns") if self.action == "retrieve" else rows

    def get_serializer_class(self) -> Any:
        return ReplayDetailSerializer if self.action == "retrieve" else ReplaySerializer

    @extend_schema(request=None, responses=ReplaySerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str | None = None) -> Response:
        """End a trial before its time."""
        shown = self.get_object()
        replays.stop_replay(replay=shown, actor=actor_of(request))
        shown.refresh_from_db()
        return Response(ReplaySerializer(shown).data)
