"""The same over the API."""

from typing import Any

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from agents.gateway import rung_of, spent_so_far
from agents.services.allowances import SETTINGS, change_models
from agents.services.terms import caps_of
from tenants.workspace.models import Profile


class SpendingSerializer(serializers.Serializer):
    """US dollars by UTC day and calendar month, calls under way included."""

    today = serializers.DecimalField(max_digits=14, decimal_places=6)
    this_month = serializers.DecimalField(max_digits=14, decimal_places=6)
    standing = serializers.ChoiceField(
        choices=["full", "cheaper", "smaller", "offline"],
        help_text="How much is being saved: nothing, by cheaper models, by smaller prompts, all.",
    )


class ModelSettingsSerializer(serializers.ModelSerializer):
    """Which models are asked, how, and for how much. No cap is null."""

    model_routes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=150), max_length=6),
        help_text="Task (understand, draft, reply, chat, summarise) to provider/model, in order.",
    )
    tools = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=20,
        help_text="What the AI may use while it answers: search_knowledge, update_lead, hand_over.",
    )
    spending = serializers.SerializerMethodField()

    class Meta:
        model = Profile
        fields = [*SETTINGS, "spending"]

    @extend_schema_field(SpendingSerializer)
    def get_spending(self, profile: Profile) -> dict[str, Any]:
        spent = spent_so_far()
        standing = rung_of(caps_of(profile)).name.lower()
        given = {"today": spent.day, "this_month": spent.month, "standing": standing}
        return dict(SpendingSerializer(given).data)


class ModelSettingsViewSet(GenericViewSet):
    """Models and money of the company."""

    queryset = Profile.objects.all()
    serializer_class = ModelSettingsSerializer
    pagination_class = None
    filter_backends = []

    def retrieve(self, request: Request) -> Response:
        return Response(ModelSettingsSerializer(Profile.current()).data)

    def partial_update(self, request: Request) -> Response:
        """Change some of it; the next question goes by it."""
        body = ModelSettingsSerializer(Profile.current(), data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        try:
            profile = change_models(actor=by.actor, **body.validated_data)
        except Refused as error:
            raise serializers.ValidationError(error.message_dict) from error
        return Response(ModelSettingsSerializer(profile).data)
