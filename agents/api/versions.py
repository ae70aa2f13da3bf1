"""Versions of prompts and settings, their trials and experiments, for programs."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.instructions import Instructions
from agents.models import AgentVersion, Experiment, Replay, ReplayTurn
from agents.services import experiments, replays, versions
from agents.services.versions import NotCleared, Unfit, VersionRefused
from channels_app.api.callers import actor_of
from tenants.api.exceptions import problem

REFUSED = OpenApiResponse(description="The rules of versions forbid it; ``code`` says which.")


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


class ReplaySerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="version.number", read_only=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)
    summary = serializers.DictField(read_only=True)

    class Meta:
        model = Replay
        fields = [
            *("id", "version", "status", "verdict", "reasons", "summary", "from_history"),
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


def deed(doing: Callable[[], Any]) -> Any:
    """What the service returned, or the problem its refusal is."""
    try:
        return doing()
    except Unfit as error:
        return problem(422, "unfit", str(error), faults=error.faults)
    except NotCleared as error:
        replay = error.clearance.replay
        return problem(409, error.code, str(error), replay=replay.pk if replay else None)
    except VersionRefused as error:
        return problem(409, error.code, str(error))


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


class FigureSerializer(serializers.Serializer):
    metric = serializers.CharField()
    control = serializers.ListField(child=serializers.IntegerField(), help_text="Hits, contacts.")
    variant = serializers.ListField(child=serializers.IntegerField())
    difference = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    p = serializers.FloatField()
    needed = serializers.IntegerField(help_text="Contacts of each side for a clear answer.")
    verdict = serializers.CharField(help_text="too_early, same, higher or lower.")


class ExperimentSerializer(serializers.ModelSerializer):
    figures = serializers.SerializerMethodField()

    class Meta:
        model = Experiment
        fields = [
            *("id", "control", "variant", "share", "status", "reason", "started_at", "ended_at"),
            "figures",
        ]
        read_only_fields = fields

    @extend_schema_field(FigureSerializer(many=True))
    def get_figures(self, experiment: Experiment) -> list[dict[str, Any]]:
        return [
            {
                "metric": row.metric,
                "control": [row.control.hits, row.control.of],
                "variant": [row.variant.hits, row.variant.of],
                "difference": row.comparison.difference,
                "low": row.comparison.low,
                "high": row.comparison.high,
                "p": row.comparison.p,
                "needed": row.comparison.needed,
                "verdict": row.comparison.verdict,
            }
            for row in experiments.figures_of(experiment).rows
        ]


class ExperimentStartSerializer(serializers.Serializer):
    variant = serializers.IntegerField(help_text="A published version that is not live.")
    share = serializers.IntegerField(min_value=1, max_value=90, help_text="Percent.")


class ShareSerializer(serializers.Serializer):
    share = serializers.IntegerField(min_value=1, max_value=90, help_text="Percent.")


class ExperimentViewSet(mixins.CreateModelMixin, ReadOnlyModelViewSet):
    """Two published versions side by side, contacts dealt out by a steady hash."""

    queryset = Experiment.objects.all()
    serializer_class = ExperimentSerializer
    filterset_fields = {"status": ["exact"]}

    @extend_schema(
        request=ExperimentStartSerializer, responses={201: ExperimentSerializer, 409: REFUSED}
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have a share of the contacts answered by another version."""
        body = ExperimentStartSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        variant = AgentVersion.objects.filter(number=body.validated_data["variant"]).first()
        if variant is None:
            return problem(404, "not_found", "There is no such version.")
        share = body.validated_data["share"]
        begun = deed(
            lambda: experiments.start_experiment(
                variant=variant, share=share, actor=actor_of(request)
            )
        )
        if isinstance(begun, Response):
            return begun
        return Response(ExperimentSerializer(begun).data, status=201)

    @extend_schema(request=ShareSerializer, responses={200: ExperimentSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def share(self, request: Request, pk: str | None = None) -> Response:
        """More or fewer contacts for the variant."""
        body = ShareSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._done(
            lambda shown: experiments.change_share(
                experiment=shown, share=body.validated_data["share"], actor=actor_of(request)
            )
        )

    @extend_schema(request=None, responses={200: ExperimentSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str | None = None) -> Response:
        """Everybody is answered by the live version again."""
        return self._done(
            lambda shown: experiments.stop_experiment(experiment=shown, actor=actor_of(request))
        )

    @extend_schema(request=None, responses={200: ExperimentSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, pk: str | None = None) -> Response:
        """The variant becomes the live version."""
        return self._done(
            lambda shown: experiments.promote_variant(experiment=shown, actor=actor_of(request))
        )

    def _done(self, doing: Callable[[Experiment], None]) -> Response:
        shown = self.get_object()
        done = deed(lambda: doing(shown))
        if isinstance(done, Response):
            return done
        shown.refresh_from_db()
        return Response(ExperimentSerializer(shown).data)
