"""Customers left alone, for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from channels_app.api.callers import actor_of, person_of
from channels_app.causes import cause_of, why_no_retry
from channels_app.models import Incident
from channels_app.services.incidents import CannotRetry, acknowledge, close_with_reason, retry
from tenants.api.exceptions import problem


class IncidentSerializer(serializers.ModelSerializer):
    cause_text = serializers.SerializerMethodField(help_text="The cause as a sentence.")

    class Meta:
        model = Incident
        fields = [
            *("id", "kind", "connection", "conversation", "message", "event", "count"),
            *("cause", "cause_text", "detail", "since", "opened_at"),
            *("acknowledged_at", "acknowledged_by", "resolved_at", "resolution"),
        ]
        read_only_fields = fields

    def get_cause_text(self, incident: Incident) -> str:
        return cause_of(incident.cause)


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class IncidentViewSet(ReadOnlyModelViewSet):
    """Customers whom nobody answered in time, newest first; they end by themselves."""

    queryset = Incident.objects.select_related("conversation", "message")
    serializer_class = IncidentSerializer
    filterset_fields = {
        "kind": ["exact"],
        "cause": ["exact"],
        "conversation": ["exact"],
        "connection": ["exact"],
        "resolved_at": ["isnull"],
        "acknowledged_at": ["isnull"],
        "opened_at": ["gte", "lt"],
    }

    @extend_schema(request=None, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str | None = None) -> Response:
        """Somebody is at it."""
        incident = acknowledge(
            incident=self.get_object(), user=person_of(request), actor=actor_of(request)
        )
        return Response(self.get_serializer(incident).data)

    @extend_schema(request=None, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Try again what got stuck."""
        incident = self.get_object()
        try:
            retry(incident=incident, actor=actor_of(request))
        except CannotRetry as refused:
            return problem(409, refused.code, why_no_retry(refused.code))
        return Response(self.get_serializer(incident).data)

    @extend_schema(request=ReasonSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str | None = None) -> Response:
        """Nothing is left to say to this customer, and why; closes the conversation."""
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            incident = close_with_reason(
                incident=self.get_object(),
                reason=body.validated_data["reason"],
                user=person_of(request),
                actor=actor_of(request),
            )
        except CannotRetry as refused:
            return problem(409, refused.code, why_no_retry(refused.code))
        return Response(self.get_serializer(incident).data)
