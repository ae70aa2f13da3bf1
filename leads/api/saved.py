"""Filters that a person keeps; a key is nobody in particular and has none."""

from typing import Any
from urllib.parse import parse_qsl

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from leads.models import SavedView
from leads.services.board import NAMES, filters_of
from leads.services.saved import keep_view
from tenants.accounts.models import User
from tenants.api.exceptions import problem


class SavedViewSerializer(serializers.ModelSerializer):
    filters = serializers.SerializerMethodField(
        help_text=f"Of {', '.join(NAMES)}: those that are set."
    )

    class Meta:
        model = SavedView
        fields = ["id", "name", "filters", "created_at"]

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_filters(self, view: SavedView) -> dict[str, str]:
        return dict(parse_qsl(view.query))


class KeepViewSerializer(serializers.Serializer):
    """An earlier view of the same name is overwritten."""

    name = serializers.CharField(max_length=60)
    filters = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True),
        default=dict,
        help_text=f"Of {', '.join(NAMES)}; `owner` is a person's id, `me` or `none`. What cannot"
        " be is left out.",
    )


class SavedViewViewSet(mixins.DestroyModelMixin, ReadOnlyModelViewSet):
    """The asking person's own kept filters, newest first."""

    queryset = SavedView.objects.all()
    serializer_class = SavedViewSerializer
    verbs = {"create": "view", "destroy": "view"}

    def get_queryset(self) -> Any:
        by: Any = self.request.user
        mine = super().get_queryset()
        return mine.filter(user=by) if isinstance(by, User) else mine.none()

    @extend_schema(request=KeepViewSerializer, responses={201: SavedViewSerializer})
    def create(self, request: Request) -> Response:
        """Keep filters under a name."""
        body = KeepViewSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        if not isinstance(by, User):
            return problem(403, "person_needed", "A view is a person's own: ask as one.")
        query = filters_of(body.validated_data["filters"]).query
        made = keep_view(user=by, name=body.validated_data["name"], query=query)
        return Response(SavedViewSerializer(made).data, status=201)
