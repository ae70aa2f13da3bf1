"""CRMs for programs: connecting them, seeing how far leads have got, trying again."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from crm import services
from crm.api.serializers import (
    ConnectCrmSerializer,
    ConnectedCrmSerializer,
    CrmConnectionSerializer,
    ReconnectCrmSerializer,
    SyncRecordDetailSerializer,
    SyncRecordSerializer,
)
from crm.models import CrmConnection, SyncRecord


class CrmConnectionViewSet(ReadOnlyModelViewSet):
    """The company's CRMs. Secrets go in and never come out."""

    queryset = CrmConnection.objects.all()
    serializer_class = CrmConnectionSerializer
    filterset_fields = {"kind": ["exact"], "is_active": ["exact"], "health": ["exact"]}

    @extend_schema(request=ConnectCrmSerializer, responses={201: ConnectedCrmSerializer})
    def create(self, request: Request) -> Response:
        """Connect a CRM and bring every lead into it."""
        body = ConnectCrmSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        connection = services.connect(**body.validated_data, actor=_actor(request))
        answer = CrmConnectionSerializer(connection).data
        made = services.made_secrets(connection, given=body.validated_data["config"])
        return Response({**answer, **made}, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReconnectCrmSerializer, responses=CrmConnectionSerializer)
    @action(detail=True, methods=["post"])
    def reconnect(self, request: Request, pk: str | None = None) -> Response:
        """New settings; what waited goes out."""
        body = ReconnectCrmSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        connection = services.reconnect(
            connection=self.get_object(), **body.validated_data, actor=_actor(request)
        )
        return Response(CrmConnectionSerializer(connection).data)


class SyncRecordViewSet(ReadOnlyModelViewSet):
    """How far each lead has got into each CRM, newest first."""

    queryset = SyncRecord.objects.all()
    serializer_class = SyncRecordSerializer
    filterset_fields = {
        "state": ["exact", "in"],
        "connection": ["exact"],
        "lead": ["exact"],
        "error_code": ["exact"],
    }

    def get_serializer_class(self) -> type[Serializer]:
        return SyncRecordDetailSerializer if self.action == "retrieve" else SyncRecordSerializer

    @extend_schema(request=None, responses=SyncRecordSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Try a record that was given up, or that waits for its turn, again now."""
        record = self.get_object()
        services.retry_dead(records=SyncRecord.objects.filter(pk=record.pk), actor=_actor(request))
        record.refresh_from_db()
        return Response(SyncRecordSerializer(record).data)


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)
