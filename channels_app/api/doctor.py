"""The channel doctor for programs: what it found, and asking it to look."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels_app import services
from channels_app.findings import Finding, Severity, of_json
from channels_app.models import Canary, ChannelConnection, Checkup


class FindingSerializer(serializers.Serializer):
    """A named cause: what is wrong, how bad it is, and what to do."""

    code = serializers.CharField(help_text="such as scope:pages_messaging; branch on it")
    severity = serializers.ChoiceField(choices=[str(each) for each in Severity])
    text = serializers.CharField()
    fix = serializers.CharField()
    link = serializers.CharField(allow_blank=True)


class CanarySerializer(serializers.ModelSerializer):
    """The test event of a look: when it was sent, kept and read; or a look for news."""

    milliseconds = serializers.IntegerField(
        allow_null=True, read_only=True, help_text="from our door until it was read"
    )

    class Meta:
        model = Canary
        fields = ("state", "is_poll", "sent_at", "kept_at", "read_at", "milliseconds")
        read_only_fields = fields


class CheckupSerializer(serializers.ModelSerializer):
    findings = serializers.SerializerMethodField()
    canary = serializers.SerializerMethodField()

    class Meta:
        model = Checkup
        fields = ("id", "verdict", "findings", "canary", "asked_by", "started_at", "finished_at")

    @extend_schema_field(CanarySerializer(allow_null=True))
    def get_canary(self, checkup: Checkup) -> dict[str, Any] | None:
        """None where none was sent."""
        canary = getattr(checkup, "canary", None)
        return dict(CanarySerializer(canary).data) if canary is not None else None

    @extend_schema_field(FindingSerializer(many=True))
    def get_findings(self, checkup: Checkup) -> list[dict[str, Any]]:
        return [dict(FindingSerializer(each).data) for each in findings_of(checkup)]


class DoctorSerializer(serializers.Serializer):
    """The checkups of a connection, newest first; the first is where it stands now."""

    connection = serializers.IntegerField()
    verdict = serializers.CharField(help_text="of the last finished look; empty before the first")
    checkups = CheckupSerializer(many=True)


def findings_of(checkup: Checkup) -> list[Finding]:
    """What was found then, in the words of now."""
    return [found for each in checkup.findings if (found := of_json(each))]


class DoctorView(APIView):
    """The doctor of one connection."""

    @property
    def permission(self) -> str:
        request = getattr(self, "request", None)
        looks_only = request is None or request.method in SAFE_METHODS
        return f"channels_app.{'view' if looks_only else 'change'}_channelconnection"

    @extend_schema(responses=DoctorSerializer, operation_id="channels_doctor")
    def get(self, request: Request, pk: int) -> Response:
        """What it found: the last looks, newest first."""
        connection = get_object_or_404(ChannelConnection, pk=pk)
        services.settle_overdue(connection=connection)
        checkups = list(connection.checkups.select_related("canary"))
        finished = (each for each in checkups if each.finished_at)
        last = next(finished, None)
        told = {
            "connection": connection.pk,
            "verdict": last.verdict if last else "",
            "checkups": checkups,
        }
        return Response(DoctorSerializer(told).data)

    @extend_schema(
        request=None, responses={202: CheckupSerializer}, operation_id="channels_doctor_look"
    )
    def post(self, request: Request, pk: int) -> Response:
        """Look now. The answer comes at once, the findings a few seconds later, by GET."""
        connection = get_object_or_404(ChannelConnection, pk=pk)
        actor = f"user:{request.user.pk}" if request.user.pk else str(request.user)
        checkup = services.ask_for_checkup(connection=connection, asked_by=actor[:64])
        return Response(CheckupSerializer(checkup).data, status=status.HTTP_202_ACCEPTED)
