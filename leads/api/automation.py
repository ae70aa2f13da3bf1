"""What happens to leads by itself, for programs: readable rules, and whom each would touch."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from leads import pipeline
from leads.models import StageRule
from leads.services import automation

SHOWN = 100


class StageRuleSerializer(serializers.ModelSerializer):
    sentence = serializers.SerializerMethodField(help_text="As people read it.")

    class Meta:
        model = StageRule
        fields = [
            *("id", "sentence", "when", "days", "from_stage", "then", "to_stage", "title"),
            *("is_on", "author", "created_at"),
        ]
        read_only_fields = fields

    def get_sentence(self, rule: StageRule) -> str:
        return automation.sentence(rule)


class StageRuleDetailSerializer(StageRuleSerializer):
    """A rule with whom it would act on now, on or off."""

    touches = serializers.SerializerMethodField(help_text="How many leads.")
    leads = serializers.SerializerMethodField(help_text=f"Their ids, the first {SHOWN}.")

    class Meta(StageRuleSerializer.Meta):
        fields = [*StageRuleSerializer.Meta.fields, "touches", "leads"]
        read_only_fields = fields

    def get_touches(self, rule: StageRule) -> int:
        return automation.touched_by(rule).count()

    def get_leads(self, rule: StageRule) -> list[int]:
        return list(automation.touched_by(rule).values_list("pk", flat=True)[:SHOWN])


class NewStageRuleSerializer(serializers.Serializer):
    when = serializers.ChoiceField(choices=StageRule.When.choices)
    days = serializers.IntegerField(
        min_value=0, max_value=automation.MOST_DAYS, default=0, help_text="Of silence; for quiet."
    )
    from_stage = serializers.CharField(
        max_length=pipeline.LONGEST_KEY,
        default="",
        allow_blank=True,
        help_text="Only leads that stand there; left empty, any that are open.",
    )
    then = serializers.ChoiceField(choices=StageRule.Then.choices)
    to_stage = serializers.CharField(
        max_length=pipeline.LONGEST_KEY, default="", allow_blank=True, help_text="For stage."
    )
    title = serializers.CharField(
        max_length=200, default="", allow_blank=True, help_text="Of the task; for task."
    )


class SwitchSerializer(serializers.Serializer):
    is_on = serializers.BooleanField()


class StageRuleViewSet(ReadOnlyModelViewSet):
    """Rules that move leads, add tasks and close them, newest first. A new one is off."""

    queryset = StageRule.objects.all()
    filterset_fields = {"is_on": ["exact"]}

    def get_serializer_class(self) -> type[serializers.Serializer]:
        return StageRuleSerializer if self.action == "list" else StageRuleDetailSerializer

    @extend_schema(request=NewStageRuleSerializer, responses={201: StageRuleDetailSerializer})
    def create(self, request: Request) -> Response:
        """Write a rule; it is off until somebody has seen whom it would touch."""
        body = NewStageRuleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        made = automation.add_rule(**body.validated_data, actor=by.actor)
        return Response(StageRuleDetailSerializer(made).data, status=201)

    @extend_schema(request=SwitchSerializer, responses=StageRuleDetailSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Put it in force, or switch it off."""
        body = SwitchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        rule = automation.switch_rule(rule=self.get_object(), **body.validated_data, actor=by.actor)
        return Response(StageRuleDetailSerializer(rule).data)

    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Remove it; what it did stays in the leads' histories."""
        by: Any = request.user
        automation.remove_rule(rule=self.get_object(), actor=by.actor)
        return Response(status=204)
