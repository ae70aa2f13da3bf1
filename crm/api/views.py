"""CRMs for programs: connecting them, seeing how far leads have got, trying again."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from crm import services
from crm.api.fields import (
    AskedSerializer,
    BackfillSerializer,
    FieldEntrySerializer,
    MappingSerializer,
    PropertySerializer,
    RehearsalSerializer,
    StartBackfillSerializer,
)
from crm.api.serializers import (
    ConnectCrmSerializer,
    ConnectedCrmSerializer,
    CrmConnectionSerializer,
    ReconnectCrmSerializer,
    SyncRecordDetailSerializer,
    SyncRecordSerializer,
)
from crm.models import CrmConnection, FieldLedger, SyncRecord
from tenants.plugins.errors import ProviderError


class CrmConnectionViewSet(ReadOnlyModelViewSet):
    """The company's CRMs. Secrets go in and never come out."""

    queryset = CrmConnection.objects.all()
    serializer_class = CrmConnectionSerializer
    filterset_fields = {"kind": ["exact"], "is_active": ["exact"], "health": ["exact"]}
    verbs = {"mapping": "view", "properties": "view", "backfills": "view"}
    guarded = ("reconnect",)  # ``map`` asks the CRM first, which no lock may wait for

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

    @extend_schema(responses=MappingSerializer)
    @action(detail=True, methods=["get"])
    def mapping(self, request: Request, pk: str | None = None) -> Response:
        """What of a lead goes into which field there, and who wins in it."""
        return Response({"rows": services.chosen_rows(connection=self.get_object())})

    @extend_schema(request=MappingSerializer, responses=MappingSerializer)
    @action(detail=True, methods=["post"])
    def map(self, request: Request, pk: str | None = None) -> Response:
        """Choose it anew; types are checked against the CRM's own description. No rows: as it
        came."""
        body, connection = MappingSerializer(data=request.data), self.get_object()
        body.is_valid(raise_exception=True)
        rows = body.validated_data["rows"]
        there = _asked(services.properties_of, connection=connection) if rows else []
        connection = services.change_mapping(
            connection=connection, rows=rows, there=there, actor=_actor(request)
        )
        return Response({"rows": services.chosen_rows(connection=connection)})

    @extend_schema(responses=PropertySerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_fields=())
    def properties(self, request: Request, pk: str | None = None) -> Response:
        """The fields there, as the CRM describes them now."""
        found = _asked(services.properties_of, connection=self.get_object())
        return Response(PropertySerializer(found, many=True).data)

    @extend_schema(request=RehearsalSerializer, responses=AskedSerializer(many=True))
    @action(detail=True, methods=["post"], pagination_class=None, filterset_fields=())
    def rehearse(self, request: Request, pk: str | None = None) -> Response:
        """Every request that a push of this lead would make, in its order; nothing is sent."""
        body = RehearsalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        lead = body.validated_data["lead"]
        asked = _asked(services.rehearse, connection=self.get_object(), lead=lead)
        return Response(AskedSerializer(asked, many=True).data)

    @extend_schema(request=StartBackfillSerializer, responses={201: BackfillSerializer})
    @action(detail=True, methods=["post"])
    def backfill(self, request: Request, pk: str | None = None) -> Response:
        """Bring in leads from before the connection, all or some; one order at a time."""
        body = StartBackfillSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        order = services.start_backfill(
            connection=self.get_object(),
            only=body.only(),
            again=body.validated_data["again"],
            actor=_actor(request),
        )
        return Response(BackfillSerializer(order).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=BackfillSerializer(many=True))
    @action(detail=True, methods=["post"], pagination_class=None, filterset_fields=())
    def cancel_backfill(self, request: Request, pk: str | None = None) -> Response:
        """Stop it; what the CRM has stays there. The orders of this connection, newest first."""
        connection = self.get_object()
        services.cancel_backfill(connection=connection, actor=_actor(request))
        return Response(BackfillSerializer(connection.backfills.all()[:20], many=True).data)

    @extend_schema(responses=BackfillSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_fields=())
    def backfills(self, request: Request, pk: str | None = None) -> Response:
        """How far the orders have got, newest first."""
        return Response(BackfillSerializer(self.get_object().backfills.all()[:20], many=True).data)


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
    verbs = {"both_sides": "view"}

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

    @extend_schema(request=None, responses=SyncRecordSerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str | None = None) -> Response:
        """Tell the CRM of this lead once more, all of it."""
        record = self.get_object()
        services.resend(records=SyncRecord.objects.filter(pk=record.pk), actor=_actor(request))
        record.refresh_from_db()
        return Response(SyncRecordSerializer(record).data)

    @extend_schema(responses=FieldEntrySerializer(many=True))
    @action(
        detail=True, methods=["get"], pagination_class=None, filterset_fields=(), url_path="fields"
    )
    def both_sides(self, request: Request, pk: str | None = None) -> Response:
        """Each field as both sides have it."""
        ledger = FieldLedger.objects.filter(record=self.get_object()).first()
        entries = ledger.entries if ledger else {}
        rows = [{"field": name, **entry} for name, entry in sorted(entries.items())]
        return Response(FieldEntrySerializer(rows, many=True).data)


def _asked(service: Callable[..., Any], **words: Any) -> Any:
    """What needs the CRM's answer; where it gives none, the caller is told so."""
    try:
        return service(**words)
    except ProviderError as error:
        text = f"The CRM does not answer: {type(error).__name__}."
        raise ValidationError({"connection": [text]}) from error


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)
