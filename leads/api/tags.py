"""The company's tags, for programs. Putting them on leads is the leads' own `tag` deed."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from leads import services
from leads.models import Tag


class TagSerializer(serializers.ModelSerializer):
    leads = serializers.IntegerField(
        source="leads_count", read_only=True, default=0, help_text="How many carry it."
    )

    class Meta:
        model = Tag
        fields = ["id", "name", "colour", "leads"]
        # Of the name one is found whatever its capitals: the service says so, not a constraint.
        extra_kwargs: dict[str, Any] = {"name": {"validators": []}}
        validators: list[Any] = []


class MergeTagSerializer(serializers.Serializer):
    into = serializers.PrimaryKeyRelatedField(
        queryset=Tag.objects.staying(), help_text="The tag that is put on instead."
    )


class TagViewSet(ReadOnlyModelViewSet):
    """Tags with how many leads carry each, newest first."""

    queryset = Tag.objects.staying()
    serializer_class = TagSerializer
    filterset_fields = {"name": ["iexact"], "colour": ["exact"]}
    verbs = {"merge": "delete", "partial_update": "change"}
    guarded = ("merge",)

    def get_queryset(self) -> Any:
        return Tag.objects.staying().with_counts()

    @extend_schema(request=TagSerializer, responses={201: TagSerializer})
    def create(self, request: Request) -> Response:
        """Make a tag; one that is there already, whatever its capitals, is answered instead."""
        body = TagSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        made = services.make_tag(**body.validated_data, actor=by.actor)
        return Response(TagSerializer(made).data, status=201)

    @extend_schema(request=TagSerializer, responses=TagSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Another name or colour, on every lead that carries it."""
        tag = self.get_object()
        body = TagSerializer(tag, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        wanted = {"name": tag.name, "colour": tag.colour, **body.validated_data}
        services.change_tag(tag=tag, **wanted, actor=by.actor)
        return Response(TagSerializer(self.get_object()).data)

    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Take it off every lead, for good; of many leads a worker does the rest."""
        by: Any = request.user
        services.retire_tag(tag=self.get_object(), actor=by.actor)
        return Response(status=204)

    @extend_schema(request=MergeTagSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str | None = None) -> Response:
        """Whoever carries this tag carries the other instead; this one goes."""
        body = MergeTagSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        services.retire_tag(tag=self.get_object(), **body.validated_data, actor=by.actor)
        return Response(status=204)
