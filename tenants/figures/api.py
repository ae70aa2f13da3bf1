"""Figures for programs."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import context
from tenants.figures.forms import PeriodForm
from tenants.figures.reading import BY, LONGEST, report


class MeasuresSerializer(serializers.Serializer):
    """Shares are from 0 to 1, sentiment from -1 to 1, cost in US dollars; null: of nothing."""

    messages_in = serializers.IntegerField()
    messages_out = serializers.IntegerField()
    messages_failed = serializers.IntegerField()
    conversations = serializers.IntegerField(help_text="New ones.")
    resolved = serializers.IntegerField(help_text="Times that a conversation was closed.")
    responses = serializers.IntegerField(help_text="Turns of a contact that were answered.")
    unanswered = serializers.IntegerField(help_text="Turns that still wait for an answer.")
    promises_broken = serializers.IntegerField(help_text="Answers and resolutions that came late.")
    first_response_median_seconds = serializers.FloatField(allow_null=True)
    first_response_p90_seconds = serializers.FloatField(allow_null=True)
    resolution_median_seconds = serializers.FloatField(allow_null=True)
    ai_share = serializers.FloatField(allow_null=True, help_text="Of the messages sent, by the AI.")
    runs = serializers.IntegerField(help_text="Thoughts of the AI that came to an end.")
    escalation_rate = serializers.FloatField(
        allow_null=True, help_text="Of those, handed over to a person."
    )
    sentiment = serializers.FloatField(allow_null=True)
    leads = serializers.IntegerField()
    leads_hot = serializers.IntegerField()
    leads_won = serializers.IntegerField()
    conversion = serializers.FloatField(allow_null=True, help_text="Won by new leads.")
    ai_cost = serializers.FloatField()
    cost_per_answer = serializers.FloatField(allow_null=True)
    crm_changes = serializers.IntegerField(help_text="Changes of leads that a CRM was told.")
    crm_lag_median_seconds = serializers.FloatField(allow_null=True)
    crm_lag_p90_seconds = serializers.FloatField(allow_null=True)


class PartSerializer(MeasuresSerializer):
    key = serializers.CharField(
        help_text="A day, a network, a CRM, or ai, user:<id>, echo; as it was asked for."
    )


class AnalyticsSerializer(serializers.Serializer):
    since = serializers.DateField()
    until = serializers.DateField()
    by = serializers.ChoiceField(choices=BY)
    time_zone = serializers.CharField(help_text="Whose days these are.")
    counted_at = serializers.DateTimeField(allow_null=True, help_text="Figures are this fresh.")
    totals = MeasuresSerializer()
    parts = PartSerializer(many=True)


class AnalyticsView(APIView):
    """Volume, response and resolution, escalation, sentiment, leads and cost."""

    permission = "figures.view_figure"

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATE, description="The first day."),
            OpenApiParameter("until", OpenApiTypes.DATE, description="The last day; today."),
            OpenApiParameter(
                "days",
                {"type": "integer", "minimum": 1, "maximum": LONGEST},
                description="Instead of `since`: so many, up to the last. 30 where neither is.",
            ),
            OpenApiParameter("by", OpenApiTypes.STR, enum=BY, description="What parts; day."),
        ],
        responses=AnalyticsSerializer,
    )
    def get(self, request: Request) -> Response:
        """A period's figures, whole and in parts."""
        form = PeriodForm(request.query_params)
        if not form.is_valid():
            raise ValidationError(
                {name: [str(each) for each in said] for name, said in form.errors.items()}
            )
        by = request.query_params.get("by") or "day"
        if by not in BY:
            raise ValidationError({"by": f"One of {', '.join(BY)}."})
        found = report(form.period, by=by)
        parts: list[dict[str, Any]] = [
            {"key": key, **measures.as_dict()} for key, measures in found.parts
        ]
        told = {
            "since": found.period.since,
            "until": found.period.until,
            "by": by,
            "time_zone": context.current_company().time_zone,
            "counted_at": found.counted_at,
            "totals": found.totals.as_dict(),
            "parts": parts,
        }
        return Response(AnalyticsSerializer(told).data)
