"""What scores go by, for programs: drafts, their preview, and putting one in force."""

from typing import Any

from django.core.exceptions import ValidationError as Refusal
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import CreateModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from leads import fit, services
from leads.models import RuleSet, ScoreMove
from leads.weights import HIGHEST, MOST_OWN, MOST_POINTS, POINTS
from tenants.api.exceptions import problem

CONFLICT = OpenApiResponse(description="No draft any more, or no preview of these numbers yet.")


class OwnRuleSerializer(serializers.Serializer):
    """Points for a fact; where words are given, one of them must be in its value."""

    label = serializers.CharField(max_length=48)  # type: ignore[assignment]  # a field's own
    fact = serializers.CharField(max_length=48)
    points = serializers.IntegerField(min_value=-MOST_POINTS, max_value=MOST_POINTS)
    words = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=20, default=list
    )


def _words() -> serializers.ListField:
    word = serializers.CharField(max_length=fit.LONGEST_WORD)
    return serializers.ListField(child=word, max_length=fit.MOST_WORDS, default=list)


class IdealSerializer(serializers.Serializer):
    """Whom the company sells to. What is left out is not judged; of words one must be in the
    lead's fact, and ranges include their ends."""

    industry = _words()
    size_from = serializers.IntegerField(
        min_value=0, max_value=fit.HIGHEST_NUMBER, allow_null=True, default=None
    )
    size_to = serializers.IntegerField(
        min_value=0, max_value=fit.HIGHEST_NUMBER, allow_null=True, default=None
    )
    region = _words()
    budget_from = serializers.IntegerField(
        min_value=0, max_value=fit.HIGHEST_NUMBER, allow_null=True, default=None
    )
    role = _words()


class RulesSerializer(serializers.Serializer):
    """The numbers. A case that is left out keeps its built-in points."""

    points = serializers.DictField(
        child=serializers.IntegerField(min_value=-MOST_POINTS, max_value=MOST_POINTS),
        default=dict,
        help_text=f"By case: {', '.join(POINTS)}.",
    )
    hot = serializers.IntegerField(min_value=2, max_value=HIGHEST)
    warm = serializers.IntegerField(min_value=1, max_value=HIGHEST)
    own = serializers.ListField(child=OwnRuleSerializer(), default=list, max_length=MOST_OWN)
    ideal = IdealSerializer(default=dict)

    def validate_points(self, points: dict[str, int]) -> dict[str, int]:
        if strange := sorted(case for case in points if case not in POINTS):
            raise serializers.ValidationError(f"There is no such case: {', '.join(strange)[:200]}.")
        return points


class TierMoveSerializer(serializers.Serializer):
    before = serializers.CharField()
    after = serializers.CharField()
    leads = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=["none", "running", "done"])
    leads = serializers.IntegerField(help_text="Judged so far.")
    moved = serializers.IntegerField()
    changed_tier = serializers.IntegerField()
    tiers = TierMoveSerializer(many=True)


class RuleSetSerializer(serializers.ModelSerializer):
    content = RulesSerializer(source="weights.as_json", read_only=True)

    class Meta:
        model = RuleSet
        fields = [
            *("id", "number", "state", "is_live", "note", "author", "content"),
            *("created_at", "published_at"),
        ]
        read_only_fields = fields


class RuleSetDetailSerializer(RuleSetSerializer):
    """A set with what its preview says."""

    preview = serializers.SerializerMethodField()

    class Meta(RuleSetSerializer.Meta):
        fields = [*RuleSetSerializer.Meta.fields, "preview"]
        read_only_fields = fields

    @extend_schema_field(PreviewSerializer)
    def get_preview(self, rule_set: RuleSet) -> Any:
        summary = services.preview_summary(rule_set)
        names = ("before", "after", "leads")
        tiers = [dict(zip(names, row, strict=True)) for row in summary["tiers"]]
        return {**summary, "state": rule_set.preview or "none", "tiers": tiers}


class DraftRulesSerializer(serializers.Serializer):
    based_on = serializers.IntegerField(
        min_value=1,
        max_value=32_767,
        allow_null=True,
        default=None,
        help_text="A set's number, 1 for the built-in one; left out, the set in force.",
    )
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class WriteRulesSerializer(serializers.Serializer):
    content = RulesSerializer()
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class ScoreMoveSerializer(serializers.ModelSerializer):
    class Meta:
        model = ScoreMove
        fields = ["lead", "score_before", "score_after", "tier_before", "tier_after"]
        read_only_fields = fields


class RuleSetViewSet(CreateModelMixin, ReadOnlyModelViewSet):
    """Rule sets, newest first. A draft is written, previewed, and put in force."""

    queryset = RuleSet.objects.all()
    serializer_class = RuleSetSerializer
    filterset_fields = {"state": ["exact", "in"], "is_live": ["exact"]}
    guarded = ("write", "preview", "publish", "discard")
    verbs = {"moves": "view"}

    def get_serializer_class(self) -> type[serializers.Serializer]:
        return RuleSetDetailSerializer if self.action == "retrieve" else RuleSetSerializer

    @extend_schema(request=DraftRulesSerializer, responses={201: RuleSetDetailSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a draft."""
        body = DraftRulesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        try:
            made = services.start_draft(actor=by.actor, **body.validated_data)
        except RuleSet.DoesNotExist:
            raise serializers.ValidationError({"based_on": "There is no such rule set."}) from None
        except services.RuleSetRefused as refused:
            return problem(409, refused.code, str(refused))
        return Response(RuleSetDetailSerializer(made).data, status=201)

    @extend_schema(
        request=WriteRulesSerializer, responses={200: RuleSetDetailSerializer, 409: CONFLICT}
    )
    @action(detail=True, methods=["post"])
    def write(self, request: Request, pk: str | None = None) -> Response:
        """Write the draft's numbers anew; other numbers void its preview."""
        body = WriteRulesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            return self._done(services.change_draft, **body.validated_data)
        except Refusal as refused:
            raise serializers.ValidationError({"content": refused.message_dict}) from None

    @extend_schema(request=None, responses={200: RuleSetDetailSerializer, 409: CONFLICT})
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str | None = None) -> Response:
        """Judge every lead by this draft, on the side; the answer says how far it is."""
        return self._done(services.start_preview)

    @extend_schema(request=None, responses={200: RuleSetDetailSerializer, 409: CONFLICT})
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str | None = None) -> Response:
        """Put the draft in force; every lead is scored anew."""
        return self._done(services.publish)

    @extend_schema(request=None, responses={200: RuleSetDetailSerializer, 409: CONFLICT})
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str | None = None) -> Response:
        """Put the draft away."""
        return self._done(services.discard_draft)

    @extend_schema(responses=ScoreMoveSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"])
    def moves(self, request: Request, pk: str | None = None) -> Response:
        """The leads that the preview moves, a page at a time."""
        page = self.paginate_queryset(self.get_object().moves.order_by("-pk"))
        return self.get_paginated_response(ScoreMoveSerializer(page, many=True).data)

    def _done(self, deed: Any, **given: Any) -> Response:
        by: Any = self.request.user
        rule_set = self.get_object()
        try:
            deed(rule_set=rule_set, actor=by.actor, **given)
        except services.RuleSetRefused as refused:
            return problem(409, refused.code, str(refused))
        return Response(RuleSetDetailSerializer(self.get_object()).data)
