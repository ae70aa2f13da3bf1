"""Fields of a CRM for programs: what goes where, what waits for a person, leads from before."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from crm import services
from crm.ledger import Policy
from crm.models import Backfill, FieldConflict
from leads.models import Lead


class MappingRowSerializer(serializers.Serializer):
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=128, help_text="Ours: name, email, stage, score, fact:budget, owner, …"
    )
    target = serializers.CharField(
        max_length=128, allow_blank=True, help_text="The CRM's own name of the field."
    )
    policy = serializers.ChoiceField(
        choices=[each.value for each in Policy],
        required=False,
        default=Policy.OURS.value,
        help_text="Who wins where both have changed it.",
    )


class MappingSerializer(serializers.Serializer):
    rows = MappingRowSerializer(many=True)


class PropertySerializer(serializers.Serializer):
    """A field as the CRM describes it."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField())


class RehearsalSerializer(serializers.Serializer):
    lead = serializers.PrimaryKeyRelatedField(queryset=Lead.objects.all())


class AskedSerializer(serializers.Serializer):
    """One request as it would go out; credentials are left out."""

    method = serializers.CharField()
    url = serializers.CharField()
    body = serializers.JSONField(allow_null=True)


class StartBackfillSerializer(serializers.Serializer):
    tiers = serializers.MultipleChoiceField(choices=Lead.Tier.choices, required=False)
    stages = serializers.MultipleChoiceField(choices=Lead.Stage.choices, required=False)
    changed_after = serializers.DateTimeField(required=False)
    again = serializers.BooleanField(
        required=False, default=False, help_text="Those that are in step, too."
    )

    def only(self) -> dict[str, Any]:
        said = self.validated_data
        after = said.get("changed_after")
        return {
            "tiers": sorted(said.get("tiers", ())),
            "stages": sorted(said.get("stages", ())),
            "changed_after": after.isoformat() if after else "",
        }


class BackfillSerializer(serializers.ModelSerializer):
    arrived = serializers.SerializerMethodField(help_text="In step by now, or given up.")

    class Meta:
        model = Backfill
        fields = [
            *("id", "connection", "state", "only", "again", "total", "lined_up", "arrived"),
            *("created_at", "finished_at"),
        ]
        read_only_fields = fields

    @extend_schema_field(int)
    def get_arrived(self, order: Backfill) -> int:
        return order.arrived()


class FieldEntrySerializer(serializers.Serializer):
    """One field of one lead at one CRM, as both sides have it."""

    field = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    ours = serializers.CharField()
    theirs = serializers.CharField()
    synced = serializers.CharField(help_text="What both had when they last agreed.")
    synced_at = serializers.CharField()
    winner = serializers.CharField(help_text="Whose value it was: ours, theirs, or empty.")


class FieldConflictSerializer(serializers.ModelSerializer):
    lead = serializers.IntegerField(source="record.lead_id", read_only=True)
    connection = serializers.IntegerField(source="record.connection_id", read_only=True)
    ours = serializers.CharField(read_only=True)
    theirs = serializers.CharField(read_only=True)

    class Meta:
        model = FieldConflict
        fields = [
            *("id", "record", "lead", "connection", "field", "source", "ours", "theirs"),
            *("ours_at", "theirs_at", "state", "decided_by", "decided_at", "created_at"),
        ]
        read_only_fields = fields


class DecideSerializer(serializers.Serializer):
    winner = serializers.ChoiceField(choices=["ours", "theirs"])


class FieldConflictViewSet(ReadOnlyModelViewSet):
    """Fields that both sides have changed, newest first; the open ones wait for a person."""

    queryset = FieldConflict.objects.select_related("record")
    serializer_class = FieldConflictSerializer
    filterset_fields = {
        "state": ["exact", "in"],
        "record": ["exact"],
        "record__lead": ["exact"],
        "record__connection": ["exact"],
    }

    @extend_schema(request=DecideSerializer, responses=FieldConflictSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str | None = None) -> Response:
        """Say who was right; the other side gets it. Decided twice, the first word stands."""
        body = DecideSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        conflict = services.decide_conflict(
            conflict=self.get_object(), winner=body.validated_data["winner"], actor=str(by.actor)
        )
        return Response(FieldConflictSerializer(conflict).data)
