"""What an edit of the knowledge would change, over the API."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.services.impact import DAYS, Impact, impact_of_answer, impact_of_edit
from knowledge.models import CuratedAnswer, Document
from knowledge.services import Outcome


class DocumentEditSerializer(serializers.Serializer):
    text = serializers.CharField(
        required=False,
        trim_whitespace=False,
        help_text="The content it would have; without one: if it were removed.",
    )
    days = serializers.IntegerField(min_value=1, max_value=90, default=DAYS)


class AnswerEditSerializer(serializers.Serializer):
    questions = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        help_text="The ways to ask it would have; without any: if it were removed.",
    )
    days = serializers.IntegerField(min_value=1, max_value=90, default=DAYS)


class AffectedSerializer(serializers.Serializer):
    question = serializers.CharField(help_text="Without personal data.")
    answered = serializers.CharField(help_text="What was said, without personal data.")
    at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=[each.value for each in Outcome])
    answered_from = serializers.CharField(
        source="source", help_text="Title of the document that would answer."
    )
    run_id = serializers.IntegerField(allow_null=True)


class ImpactSerializer(serializers.Serializer):
    days = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    other_source = serializers.IntegerField()
    not_answered = serializers.IntegerField()
    waiting_drafts = serializers.IntegerField()
    is_cut = serializers.BooleanField(help_text="There are more questions than are listed.")
    affected = AffectedSerializer(many=True)


class DocumentImpactView(APIView):
    """The past questions that were answered from a document, looked up again with an edit."""

    permission = "knowledge.change_document"

    @extend_schema(request=DocumentEditSerializer, responses=ImpactSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """What a new text, or the removal, would have made of them. Nothing is changed."""
        body = DocumentEditSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        text = body.validated_data.get("text")
        impact = impact_of_edit(
            document=get_object_or_404(Document, pk=pk),
            content=None if text is None else text.encode(),
            days=body.validated_data["days"],
        )
        return Response(_told(impact))


class AnswerImpactView(APIView):
    """The past questions that a written answer answered, looked up again with an edit."""

    permission = "knowledge.change_curatedanswer"

    @extend_schema(request=AnswerEditSerializer, responses=ImpactSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """What other ways to ask, or the removal, would have made of them."""
        body = AnswerEditSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        impact = impact_of_answer(
            answer=get_object_or_404(CuratedAnswer, pk=pk),
            questions=body.validated_data.get("questions", []),
            days=body.validated_data["days"],
        )
        return Response(_told(impact))


def _told(impact: Impact) -> dict[str, object]:
    counts = {outcome.value: impact.count(outcome) for outcome in Outcome}
    return dict(
        ImpactSerializer(
            {
                "days": impact.days,
                "waiting_drafts": impact.waiting_drafts,
                "is_cut": impact.is_cut,
                "affected": impact.affected,
                **counts,
            }
        ).data
    )
