"""Asking the agent, and seeing what it thought."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.api.serializers import (
    ChatAnswerSerializer,
    ChatQuestionSerializer,
    RunDetailSerializer,
    RunSerializer,
)
from agents.models import Run
from agents.services import answer_question
from tenants.api.exceptions import problem


class ChatView(APIView):
    """One question, one answer from the company's knowledge, with the passages behind it."""

    permission = "agents.add_run"

    @extend_schema(
        request=ChatQuestionSerializer,
        responses=ChatAnswerSerializer,
        parameters=[
            OpenApiParameter("query", str, description="Instead of the body's."),
            OpenApiParameter("session_id", str, description="Instead of the body's."),
            OpenApiParameter("language", str, description="Instead of the body's."),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = ChatQuestionSerializer(data=_given(request))
        if not asked.is_valid():
            errors = [
                {"code": word.code, "detail": str(word), "attr": name}
                for name, words in asked.errors.items()
                for word in words
            ]
            detail = "; ".join(f"{error['attr']}: {error['detail']}" for error in errors)
            return problem(422, "invalid_question", detail, errors=errors)
        given = asked.validated_data
        answer = answer_question(
            question=given["query"],
            session_id=given["session_id"],
            language=given["language"],
            asked_by=str(getattr(request.user, "actor", "")),
        )
        return Response(ChatAnswerSerializer(answer).data)


def _given(request: Request) -> dict[str, Any]:
    """The body's fields, else the address's."""
    body = request.data if isinstance(request.data, dict) else {}
    names = ("query", "session_id", "language")
    given = {name: body.get(name, request.query_params.get(name)) for name in names}
    return {name: value for name, value in given.items() if value is not None}


class RunViewSet(ReadOnlyModelViewSet):
    """What the agent thought, newest first; one run shows its steps and model calls."""

    queryset = Run.objects.all()
    filterset_fields = {
        "conversation": ["exact"],
        "status": ["exact"],
        "outcome": ["exact"],
        "intent": ["exact"],
        "own_intent": ["exact"],
        "created_at": ["gte", "lte"],
    }

    def get_queryset(self) -> Any:
        runs = super().get_queryset()
        if self.action == "retrieve":
            return runs.prefetch_related("steps", "model_calls")
        return runs.defer("draft")

    def get_serializer_class(self) -> Any:
        return RunDetailSerializer if self.action == "retrieve" else RunSerializer
