"""Channels to try things out on, for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from channels_app.api.callers import actor_of
from channels_app.api.serializers import ConnectionSerializer
from channels_app.models import ChannelConnection
from channels_app.services import sandboxes


class OpenSandboxSerializer(serializers.Serializer):
    platform = serializers.CharField(
        max_length=32, help_text="Whose look it has: a network that somebody stands in for."
    )


class SandboxViewSet(ReadOnlyModelViewSet):
    """Accounts that no network knows, newest first; their customers are made up."""

    queryset = ChannelConnection.objects.filter(is_sandbox=True)
    serializer_class = ConnectionSerializer
    filterset_fields = {"platform": ["exact"]}

    @extend_schema(request=OpenSandboxSerializer, responses={201: ConnectionSerializer})
    def create(self, request: Request) -> Response:
        """Open one; it works at once."""
        body = OpenSandboxSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = sandboxes.open_sandbox(**body.validated_data, actor=actor_of(request))
        return Response(self.get_serializer(made).data, status=201)

    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Remove one, with everything that came of it."""
        sandboxes.remove_sandbox(connection=self.get_object(), actor=actor_of(request))
        return Response(status=204)
