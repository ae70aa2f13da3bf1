"""What is to be done for leads, for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import CreateModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from leads import services
from leads.models import Lead, Task
from leads.services.tasks import LONGEST_TITLE
from tenants.accounts.models import User


class TaskSerializer(serializers.ModelSerializer):
    title = serializers.CharField(read_only=True)

    class Meta:
        model = Task
        fields = [
            *("id", "lead", "title", "due_at", "assignee", "is_overdue"),
            *("created_by", "created_at", "done_at", "done_by"),
        ]
        read_only_fields = fields


class AddTaskSerializer(serializers.Serializer):
    lead = serializers.PrimaryKeyRelatedField(queryset=Lead.objects.all())
    title = serializers.CharField(max_length=LONGEST_TITLE)
    due_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    assignee = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True),
        required=False,
        allow_null=True,
        default=None,
        help_text="A person's id; left out, the lead's owner.",
    )


class TaskViewSet(CreateModelMixin, ReadOnlyModelViewSet):
    """Tasks, newest first. At the due time the assignee is reminded by e-mail, once."""

    queryset = Task.objects.filter(lead__absorbed_by=None)
    serializer_class = TaskSerializer
    filterset_fields = {
        "lead": ["exact"],
        "assignee": ["exact", "isnull"],
        "done_at": ["isnull"],
        "due_at": ["lte", "gte"],
    }
    guarded = ("finish", "reopen")

    @extend_schema(request=AddTaskSerializer, responses={201: TaskSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Write down what is to be done for a lead."""
        body = AddTaskSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        made = services.add_task(**body.validated_data, actor=by.actor)
        return Response(TaskSerializer(made).data, status=201)

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str | None = None) -> Response:
        """It is done; said twice, once."""
        return self._done(services.finish_task)

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str | None = None) -> Response:
        """It is not done after all."""
        return self._done(services.reopen_task)

    def _done(self, deed: Any) -> Response:
        by: Any = self.request.user
        return Response(TaskSerializer(deed(task=self.get_object(), actor=by.actor)).data)
