"""Versions of prompts and settings, for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.api.forbidden import REFUSED, deed
from agents.api.replays import ReplaySerializer
from agents.instructions import Instructions
from agents.models import AgentVersion
from agents.services import replays, versions
from channels_app.api.callers import actor_of
from tenants.api.exceptions import problem


class InstructionsSerializer(serializers.Serializer):
    """What stands empty is as the settings or the built-in text have it."""

    tone = serializers.CharField(max_length=200, required=False, allow_blank=True)
    guidance = serializers.CharField(required=False, allow_blank=True)
    dos = serializers.ListField(child=serializers.CharField(max_length=500), required=False)
    donts = serializers.ListField(child=serializers.CharField(max_length=500), required=False)
    signature = serializers.DictField(child=serializers.CharField(), required=False)
    refusal = serializers.DictField(child=serializers.CharField(), required=False)
    handover = serializers.DictField(child=serializers.CharField(), required=False)
    understand = serializers.CharField(required=False, allow_blank=True)
    reply = serializers.CharField(required=False, allow_blank=True)
    regenerate = serializers.CharField(required=False, allow_blank=True)
    routes = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Task: provider/model."
    )
    confidence_gate = serializers.FloatField(required=False, allow_null=True)
    search_threshold = serializers.FloatField(required=False, allow_null=True)


class AgentVersionSerializer(serializers.ModelSerializer):
    content = InstructionsSerializer(read_only=True)

    class Meta:
        model = AgentVersion
        fields = [
            *("number", "based_on", "state", "is_live", "content", "note", "author"),
            *("created_at", "updated_at", "published_at"),
        ]
        read_only_fields = fields


class DraftSerializer(serializers.Serializer):
    based_on = serializers.IntegerField(
        required=False, allow_null=True, help_text="A version's number; left out, the live one."
    )
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class DraftChangeSerializer(serializers.Serializer):
    content = InstructionsSerializer()
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class PublishingSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    override = serializers.CharField(
        max_length=300,
        required=False,
        default="",
        allow_blank=True,
        help_text="Why against the gate, in at least ten characters.",
    )
    live = serializers.BooleanField(
        required=False, default=True, help_text="False: for an experiment only."
    )


class GoingBackSerializer(serializers.Serializer):
    number = serializers.IntegerField(min_value=0, help_text="0 is the built-in text.")
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class PieceSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["same", "gone", "new"])
    text = serializers.CharField()


class ChangeSerializer(serializers.Serializer):
    name = serializers.CharField()
    pieces = PieceSerializer(many=True)


class AgentVersionViewSet(mixins.CreateModelMixin, ReadOnlyModelViewSet):
    """Versions of prompts and settings, newest first. Number 0, the built-in text, has no row."""

    queryset = AgentVersion.objects.all()
    serializer_class = AgentVersionSerializer
    lookup_field = "number"
    lookup_value_converter = "int"
    filterset_fields = {"state": ["exact"], "is_live": ["exact"]}
    verbs = {"difference": "view"}

    @extend_schema(request=DraftSerializer, responses={201: AgentVersionSerializer, 409: REFUSED})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A new draft, with the words of another version."""
        body = DraftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        base = body.validated_data.get("based_on")
        if base and not AgentVersion.objects.filter(number=base).exists():
            return problem(404, "not_found", f"There is no version {base}.")
        made = deed(
            lambda: versions.start_draft(
                actor=actor_of(request), based_on=base, note=body.validated_data["note"]
            )
        )
        return self._told(made, status=201)

    @extend_schema(
        request=DraftChangeSerializer, responses={200: AgentVersionSerializer, 409: REFUSED}
    )
    @action(detail=True, methods=["put"])
    def content(self, request: Request, number: int) -> Response:
        """Write a draft's words anew, all of them."""
        body = DraftChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = Instructions.from_json(dict(body.validated_data["content"]))
        version = self.get_object()
        return self._told(
            deed(
                lambda: versions.change_draft(
                    version=version,
                    instructions=said,
                    note=body.validated_data["note"],
                    actor=actor_of(request),
                )
            )
        )

    @extend_schema(
        request=PublishingSerializer, responses={200: AgentVersionSerializer, 409: REFUSED}
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, number: int) -> Response:
        """Make a draft live, once its trial has passed; 409 names the trial that it failed."""
        body = PublishingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = self.get_object()
        return self._told(
            deed(
                lambda: versions.publish(
                    version=version, actor=actor_of(request), **body.validated_data
                )
            )
        )

    @extend_schema(request=None, responses={204: None, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, number: int) -> Response:
        """Put a draft away."""
        version = self.get_object()
        done = deed(lambda: versions.discard_draft(version=version, actor=actor_of(request)))
        return done if isinstance(done, Response) else Response(status=204)

    @extend_schema(request=None, responses={202: ReplaySerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, number: int) -> Response:
        """Begin a trial of a draft; it is worked on in the background."""
        version = self.get_object()
        begun = deed(lambda: replays.start_replay(version=version, actor=actor_of(request)))
        if isinstance(begun, Response):
            return begun
        return Response(ReplaySerializer(begun).data, status=202)

    @extend_schema(
        responses=ChangeSerializer(many=True),
        parameters=[OpenApiParameter("against", int, description="Left out: what it is based on.")],
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def difference(self, request: Request, number: int) -> Response:
        """What it changes against another version, word by word."""
        version = self.get_object()
        given = request.query_params.get("against", "")
        base = int(given) if given.isdecimal() else version.based_on
        if base and not AgentVersion.objects.filter(number=base).exists():
            return problem(404, "not_found", f"There is no version {base}.")
        changes = versions.changes_between(base, version.number)
        return Response(ChangeSerializer(changes, many=True).data)

    @extend_schema(request=GoingBackSerializer, responses={204: None, 409: REFUSED})
    @action(detail=False, methods=["post"], url_path="roll-back")
    def roll_back(self, request: Request) -> Response:
        """Make an earlier version live again at once."""
        body = GoingBackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = deed(lambda: versions.roll_back(actor=actor_of(request), **body.validated_data))
        return done if isinstance(done, Response) else Response(status=204)

    def _told(self, done: Any, status: int = 200) -> Response:
        if isinstance(done, Response):
            return done
        return Response(AgentVersionSerializer(done).data, status=status)
