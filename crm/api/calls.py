"""Calls to leads, for programs: asking for one, and how far it is."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from crm import services
from crm.models import IncomingHook, PhoneCall
from leads.models import Lead
from tenants.told import told


class PhoneCallSerializer(serializers.ModelSerializer):
    class Meta:
        model = PhoneCall
        fields = [
            *("id", "lead", "hook", "state", "state_at", "external_id", "ended_reason"),
            *("error_code", "error_text", "asked_by", "created_at"),
        ]
        read_only_fields = fields


class AskForCallSerializer(serializers.Serializer):
    lead = serializers.PrimaryKeyRelatedField(queryset=Lead.objects.all())
    hook = serializers.PrimaryKeyRelatedField(
        queryset=IncomingHook.objects.filter(kind="vapi", is_active=True),
        required=False,
        allow_null=True,
        default=None,
        help_text="By which telephony; left out, the company's first.",
    )
    key = serializers.CharField(
        max_length=64, required=False, default="", help_text="One key is one call, ever."
    )


class CallRefusedSerializer(serializers.Serializer):
    """Why they may not be called (now)."""

    code = serializers.CharField(
        help_text="no_telephony, no_phone, contact_blocked, opted_out, quiet_hours, key_used"
    )
    text = serializers.CharField()
    next_allowed_at = serializers.DateTimeField(allow_null=True)


class PhoneCallViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Calls that were asked for, the newest first. What was said is on the lead's timeline."""

    queryset = PhoneCall.objects.all()
    serializer_class = PhoneCallSerializer
    filterset_fields = {"lead": ["exact"], "state": ["exact", "in"], "hook": ["exact"]}

    @extend_schema(
        request=AskForCallSerializer,
        responses={
            201: PhoneCallSerializer,
            409: OpenApiResponse(CallRefusedSerializer, "They may not be called (now)."),
        },
    )
    def create(self, request: Request) -> Response:
        """Have a lead called by the AI. While a call goes on, asking again gives that one."""
        body = AskForCallSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        try:
            call = services.ask_for_call(**body.validated_data, actor=str(by.actor))
        except services.CallRefused as refused:
            said = {
                "code": refused.code,
                "text": told(refused.text),
                "next_allowed_at": refused.next_allowed_at,
            }
            return Response(CallRefusedSerializer(said).data, status=status.HTTP_409_CONFLICT)
        return Response(PhoneCallSerializer(call).data, status=status.HTTP_201_CREATED)
