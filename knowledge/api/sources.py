"""Web sites that are followed, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from knowledge import services
from knowledge.models import Source, SourcePage


class SourceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Source
        fields = [
            *("id", "kind", "address", "max_pages", "max_depth", "every_hours", "status", "error"),
            *("round", "started_at", "finished_at", "next_round_at", "created_at"),
        ]
        read_only_fields = fields


class NewSourceSerializer(serializers.Serializer):
    address = serializers.CharField(max_length=1_000, help_text="http or https.")
    kind = serializers.ChoiceField(choices=Source.Kind.choices, default=Source.Kind.SITE)
    max_pages = serializers.IntegerField(min_value=1, max_value=5_000, default=100)
    max_depth = serializers.IntegerField(
        min_value=0, max_value=10, default=3, help_text="Links away from the address."
    )
    every_hours = serializers.IntegerField(
        min_value=0, max_value=2_160, default=0, help_text="0: only when told to."
    )


class ChangedSourceSerializer(serializers.Serializer):
    max_pages = serializers.IntegerField(min_value=1, max_value=5_000, required=False)
    max_depth = serializers.IntegerField(min_value=0, max_value=10, required=False)
    every_hours = serializers.IntegerField(min_value=0, max_value=2_160, required=False)


class SourcePageSerializer(serializers.ModelSerializer):
    class Meta:
        model = SourcePage
        fields = [
            *("id", "source", "role", "address", "depth", "status", "error", "document"),
            *("size", "visited_at"),
        ]
        read_only_fields = fields


class SourceViewSet(mixins.DestroyModelMixin, ReadOnlyModelViewSet):
    """Sites whose pages become documents, looked through in rounds."""

    queryset = Source.objects.defer("robots")
    serializer_class = SourceSerializer
    filterset_fields = {"status": ["exact"], "kind": ["exact"]}

    @extend_schema(request=NewSourceSerializer, responses={201: SourceSerializer})
    def create(self, request: Request) -> Response:
        """Follow a page, a site or a sitemap; an address that is followed stays one source."""
        body = NewSourceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        source = services.add_source(**body.validated_data, actor=_actor(request))
        return Response(SourceSerializer(source).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangedSourceSerializer, responses=SourceSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Other limits hold from the next round on."""
        source = self.get_object()
        body = ChangedSourceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        source = services.change_source(source=source, **body.validated_data, actor=_actor(request))
        return Response(SourceSerializer(source).data)

    def perform_destroy(self, instance: Source) -> None:
        services.remove_source(source=instance, actor=_actor(self.request))

    @extend_schema(request=None, responses=SourceSerializer)
    @action(detail=True, methods=["post"], url_path="look-again")
    def look_again(self, request: Request, pk: str | None = None) -> Response:
        """Begin another round, unless one is under way."""
        source = services.look_again(source=self.get_object(), actor=_actor(request))
        return Response(SourceSerializer(source).data)


class SourcePageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """The addresses of the sources and what became of each; ``?source=`` lists one source's."""

    queryset = SourcePage.objects.all()
    serializer_class = SourcePageSerializer
    filterset_fields = {"source": ["exact"], "status": ["exact"]}


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)
