"""The columns of the board, for programs: read and written all at once, in their order."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from leads import pipeline, services
from leads.models import Stage
from leads.services import Column


class StageSerializer(serializers.Serializer):
    """One column. Figures and CRMs know the six built-in stages; ``base`` is the one it counts
    as."""

    key = serializers.CharField(max_length=pipeline.LONGEST_KEY)
    name = serializers.CharField(
        source="own_name",
        max_length=pipeline.LONGEST_NAME,
        allow_blank=True,
        default="",
        help_text="The company's own; left empty, the stage has its built-in name.",
    )
    is_shown = serializers.BooleanField(default=True)
    base = serializers.CharField(read_only=True)
    is_closed = serializers.BooleanField(read_only=True)
    is_own = serializers.BooleanField(read_only=True)


class NewStageSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=pipeline.LONGEST_NAME)
    base = serializers.ChoiceField(
        choices=pipeline.STAGES, help_text="The built-in stage it counts as."
    )


class StagesSerializer(serializers.Serializer):
    """Every stage in its order, hidden ones as well. None can be left out; hide it instead."""

    stages = StageSerializer(many=True)
    add = NewStageSerializer(many=True, required=False, default=list, write_only=True)


class StagesViewSet(GenericViewSet):
    """The company's stages in their order."""

    queryset = Stage.objects.all()
    serializer_class = StagesSerializer
    pagination_class = None
    filter_backends = []
    verbs = {"retrieve": "view"}

    def retrieve(self, request: Request) -> Response:
        """Every stage, hidden ones as well."""
        return Response(StagesSerializer({"stages": services.columns()}).data)

    @extend_schema(request=StagesSerializer, responses=StagesSerializer)
    def update(self, request: Request) -> Response:
        """Put them into this order under these names, and add own ones at the end."""
        body = StagesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        services.arrange_stages(
            columns=[Column(**given) for given in body.validated_data["stages"]],
            added=[(given["name"], given["base"]) for given in body.validated_data["add"]],
            actor=by.actor,
        )
        return self.retrieve(request)
