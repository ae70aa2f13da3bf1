"""Leads that may be one person, for programs: why, merging them, and telling them to be two."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from channels_app import services as channels
from channels_app.api.merging import ContactMergeSerializer, EvidenceSerializer
from channels_app.models import ContactMerge, MergeSuggestion
from leads.api.serializers import LeadSerializer
from leads.models import Lead
from leads.services import duplicates as services
from tenants.api.exceptions import problem

CONFLICT = OpenApiResponse(description="Merged or decided meanwhile, or they are writing just now.")


class LeadDuplicateSerializer(serializers.Serializer):
    """Two leads that may be one, and what speaks for it."""

    id = serializers.IntegerField(source="suggestion.pk")
    grade = serializers.ChoiceField(
        choices=MergeSuggestion.Grade.choices,
        source="suggestion.grade",
        help_text="sure: merged by itself, unless the profile says otherwise; proven: by both"
        " networks, and others share it; likely: both say so, and nobody vouches for it.",
    )
    evidence = EvidenceSerializer(many=True, source="suggestion.evidence")
    one = LeadSerializer()
    other = LeadSerializer()
    created_at = serializers.DateTimeField(source="suggestion.created_at")


class MergeDuplicateSerializer(serializers.Serializer):
    survivor = serializers.IntegerField(
        required=False,
        default=None,
        allow_null=True,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The id of the lead that stays; left out, `one`.",
    )


class MergeLeadSerializer(serializers.Serializer):
    absorbed = serializers.PrimaryKeyRelatedField(
        queryset=Lead.objects.select_related("contact"),
        help_text="The lead that becomes part of the one in the address.",
    )


class LeadDuplicateViewSet(ReadOnlyModelViewSet):
    """Pairs of leads that wait for somebody's word, newest first."""

    queryset = MergeSuggestion.objects.all()
    serializer_class = LeadDuplicateSerializer
    filterset_fields = {"grade": ["exact"]}

    def get_queryset(self) -> Any:
        return services.open_duplicates()

    @extend_schema(responses=LeadDuplicateSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows = services.with_leads(page or [])
        return self.get_paginated_response(LeadDuplicateSerializer(rows, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(LeadDuplicateSerializer(self._pair()).data)

    @extend_schema(
        request=MergeDuplicateSerializer, responses={201: ContactMergeSerializer, 409: CONFLICT}
    )
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str | None = None) -> Response:
        """They are one: everything of both comes together. `contact-merges` takes it back."""
        body = MergeDuplicateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        pair = self._pair()
        stays = body.validated_data["survivor"] or pair.one.pk
        if stays not in {pair.one.pk, pair.other.pk}:
            raise serializers.ValidationError({"survivor": "That is neither of the two."})
        both = (pair.one, pair.other) if stays == pair.one.pk else (pair.other, pair.one)
        return merged(request, survivor=both[0], absorbed=both[1])

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        """They are two; asked again only if networks prove something new."""
        by: Any = request.user
        channels.dismiss(suggestion=self.get_object(), actor=by.actor)
        return Response(status=204)

    def _pair(self) -> services.Duplicate:
        [pair] = services.with_leads([self.get_object()])
        return pair


def merged(request: Request, *, survivor: Lead, absorbed: Lead) -> Response:
    """The merge of their contacts, or why there is none."""
    by: Any = request.user
    try:
        row: ContactMerge = services.merge_leads(
            survivor=survivor, absorbed=absorbed, actor=by.actor
        )
    except channels.MergeRefused as refused:
        return problem(409, refused.code, refused.text)
    return Response(ContactMergeSerializer(row).data, status=201)
