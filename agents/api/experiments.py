"""Two versions side by side, for programs."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.api.forbidden import REFUSED, deed
from agents.models import AgentVersion, Experiment
from agents.services import experiments
from channels_app.api.callers import actor_of
from tenants.api.exceptions import problem


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
