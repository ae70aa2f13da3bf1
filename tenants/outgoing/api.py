"""Webhooks for programs: addresses, what they were told, and telling them again."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from tenants.outgoing import services
from tenants.outgoing.events import EventType, catalogue, example_of
from tenants.outgoing.models import Delivery, Endpoint
from tenants.outgoing.openapi import body_schema
from tenants.outgoing.serializers import (
    AddEndpointSerializer,
    ChangeEndpointSerializer,
    CountSerializer,
    DeliveryDetailSerializer,
    DeliverySerializer,
    EndpointSerializer,
    EventCatalogueSerializer,
    NewEndpointSerializer,
    ReplayFailedSerializer,
    ResumeSerializer,
    RotateSerializer,
)


class WebhookViewSet(ReadOnlyModelViewSet):
    """Your own addresses, and what they are told of. Secrets are shown once and never again."""

    verbs = {"partial_update": "change"}
    guarded = ("rotate", "pause", "resume")
    queryset = Endpoint.objects.all()
    serializer_class = EndpointSerializer
    filterset_fields = {"state": ["exact"]}

    @extend_schema(request=AddEndpointSerializer, responses={201: NewEndpointSerializer})
    def create(self, request: Request) -> Response:
        """Be told of events at an address; the answer carries the secret, this once."""
        body = AddEndpointSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = services.add_endpoint(**body.validated_data, actor=_actor(request))
        return Response(NewEndpointSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangeEndpointSerializer, responses=EndpointSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Another name, address or choice of events."""
        body = ChangeEndpointSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.change_endpoint(
            endpoint=self.get_object(), **body.validated_data, actor=_actor(request)
        )
        return Response(EndpointSerializer(row).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Send nothing there any more; its log goes as well."""
        services.remove_endpoint(endpoint=self.get_object(), actor=_actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=RotateSerializer, responses=NewEndpointSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str | None = None) -> Response:
        """Make a new secret; for a while deliveries are signed with both."""
        body = RotateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.rotate_secret(
            endpoint=self.get_object(), **body.validated_data, actor=_actor(request)
        )
        return Response(NewEndpointSerializer(row).data)

    @extend_schema(request=None, responses=EndpointSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str | None = None) -> Response:
        """Send nothing for now; what happens meanwhile waits."""
        row = services.pause_endpoint(endpoint=self.get_object(), actor=_actor(request))
        return Response(EndpointSerializer(row).data)

    @extend_schema(request=ResumeSerializer, responses=EndpointSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str | None = None) -> Response:
        """Go on after a pause, or after we switched it off."""
        body = ResumeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.resume_endpoint(
            endpoint=self.get_object(), **body.validated_data, actor=_actor(request)
        )
        return Response(EndpointSerializer(row).data)

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str | None = None) -> Response:
        """Send a `webhook.test`, once; look at the delivery to see what came of it."""
        made = services.send_test(endpoint=self.get_object(), actor=_actor(request))
        return Response(DeliverySerializer(made).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=ReplayFailedSerializer, responses={202: CountSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str | None = None) -> Response:
        """Send everything again that was given up, or that was since then."""
        body = ReplayFailedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        count = services.replay_failed(
            endpoint=self.get_object(), **body.validated_data, actor=_actor(request)
        )
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


class DeliveryViewSet(ReadOnlyModelViewSet):
    """What your addresses were told, newest first."""

    queryset = Delivery.objects.select_related("event")
    serializer_class = DeliverySerializer
    filterset_fields = {
        "endpoint": ["exact"],
        "state": ["exact", "in"],
        "event__kind": ["exact"],
        "event__created_at": ["gte", "lte"],
    }

    def get_serializer_class(self) -> type[serializers.Serializer]:
        return DeliveryDetailSerializer if self.action == "retrieve" else DeliverySerializer

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str | None = None) -> Response:
        """Send it again now, under the same `webhook-id`."""
        row = services.replay_delivery(delivery=self.get_object(), actor=_actor(request))
        return Response(DeliverySerializer(row).data, status=status.HTTP_202_ACCEPTED)


class EventTypesView(APIView):
    """Everything there is to be told of."""

    permission = "outgoing.view_endpoint"

    @extend_schema(responses=EventCatalogueSerializer)
    def get(self, request: Request) -> Response:
        """Each event with its version, the JSON schema of its body and an example."""
        return Response({"events": [_shown(event) for event in catalogue()]})


def _shown(event: EventType[Any]) -> dict[str, Any]:
    body, named = body_schema(event, ref="#/$defs/Webhook{model}")
    return {
        "name": event.name,
        "version": event.version,
        "group": event.group.name,
        "text": event.text,
        "schema": {**body, "$defs": named},
        "example": example_of(event),
    }


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)
