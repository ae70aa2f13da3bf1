"""Leads for programs. Changes go through named deeds, never a bare PATCH."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from channels_app.api.merging import ContactMergeSerializer
from leads import services
from leads.api.bulk import ChangeManySerializer, DoneManySerializer, TakenBackSerializer
from leads.api.duplicates import MergeLeadSerializer, merged
from leads.api.filters import LeadFilter
from leads.api.serializers import (
    AssignLeadSerializer,
    CorrectFactsSerializer,
    LeadDetailSerializer,
    LeadSerializer,
    OverrideScoreSerializer,
    SetStageSerializer,
    TagLeadSerializer,
)
from leads.models import Lead
from leads.services.exporting import lines_of
from tenants.audit.services import record


class CsvRenderer(BaseRenderer):
    """Lets a caller ask for the file by its type; a problem is told as JSON all the same."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return bytes(JSONRenderer().render(data))


class LeadViewSet(ReadOnlyModelViewSet):
    """Leads, newest first."""

    queryset = Lead.objects.with_people().prefetch_related("tags")
    serializer_class = LeadSerializer
    filterset_class = LeadFilter
    verbs = {"export": "view"}
    guarded = ("assign", "stage", "tag", "override", "correct", "merge")

    def get_queryset(self) -> QuerySet[Lead]:
        rows = Lead.objects.with_reasons().prefetch_related("tags")
        return rows if self.action == "retrieve" else super().get_queryset()

    def get_serializer_class(self) -> type[Serializer]:
        return LeadDetailSerializer if self.action == "retrieve" else LeadSerializer

    @extend_schema(request=AssignLeadSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str | None = None) -> Response:
        """Give the lead to a person, or to nobody."""
        return self._done(services.assign_owner, AssignLeadSerializer)

    @extend_schema(request=SetStageSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def stage(self, request: Request, pk: str | None = None) -> Response:
        """Move the lead along the pipeline."""
        return self._done(services.set_stage, SetStageSerializer)

    @extend_schema(request=TagLeadSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def tag(self, request: Request, pk: str | None = None) -> Response:
        """Put tags on the lead and take others off, by their names."""
        return self._done(services.tag_by_name, TagLeadSerializer)

    @extend_schema(request=MergeLeadSerializer, responses={201: ContactMergeSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str | None = None) -> Response:
        """Make another lead part of this one, with everything it has; `contact-merges` takes it
        back."""
        body = MergeLeadSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return merged(request, survivor=self.get_object(), **body.validated_data)

    @extend_schema(request=ChangeManySerializer, responses=DoneManySerializer)
    @action(detail=False, methods=["post"], url_path="change-many", pagination_class=None)
    def change_many(self, request: Request) -> Response:
        """One deed for many leads; each has its own history. The answer takes it back."""
        body = ChangeManySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given, by = body.validated_data, self._by
        done = services.change_many(
            lead_ids=given["leads"], deed=given["deed"], value=given["value"], actor=by.actor
        )
        return Response(DoneManySerializer(done).data)

    @extend_schema(request=DoneManySerializer, responses=TakenBackSerializer)
    @action(detail=False, methods=["post"], url_path="take-back", pagination_class=None)
    def take_back(self, request: Request) -> Response:
        """Make leads what they were before a deed for many, unless somebody decided otherwise."""
        body = DoneManySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = services.BulkDone(**body.validated_data)
        count = services.take_back(done=done, actor=self._by.actor)
        return Response(TakenBackSerializer({"leads": count}).data)

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
        description="The leads that the filters leave, as a file that can be imported again.",
    )
    @action(detail=False, pagination_class=None, renderer_classes=[CsvRenderer, JSONRenderer])
    def export(self, request: Request) -> HttpResponseBase:
        found = self.filter_queryset(Lead.objects.all())
        filters = sorted(set(request.query_params) & set(LeadFilter.base_filters) - {"email"})
        record(
            action="leads.exported",
            subject="leads",
            actor=self._by.actor,
            details={"filters": filters},
        )
        answer = StreamingHttpResponse(lines_of(found), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="leads.csv"'
        return answer

    @property
    def _by(self) -> Any:
        return self.request.user

    @extend_schema(request=OverrideScoreSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def override(self, request: Request, pk: str | None = None) -> Response:
        """Set the score by hand; the correction becomes one of its contributions."""
        return self._done(services.override_score, OverrideScoreSerializer)

    @extend_schema(request=CorrectFactsSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str | None = None) -> Response:
        """Correct what we know of the lead; the score follows."""
        return self._done(services.correct_facts, CorrectFactsSerializer)

    def _done(self, deed: Any, form: type[Serializer]) -> Response:
        body = form(data=self.request.data)
        body.is_valid(raise_exception=True)
        by: Any = self.request.user
        lead = deed(lead=self.get_object(), actor=by.actor, **body.validated_data)
        return Response(LeadSerializer(lead).data)
