"""What programs would do with our tools, for the people who decide on it."""

from collections.abc import Callable

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from agents.models import ToolApproval
from agents.services import approvals
from tenants.accounts.models import User
from tenants.api.exceptions import problem

WHY = {
    "decided": "Somebody has decided on this already.",
    "expired": "Its time is over.",
}
REFUSED = OpenApiResponse(description="Decided already, or its time is over.")


class ToolApprovalSerializer(serializers.ModelSerializer):
    arguments = serializers.DictField(read_only=True, help_text="Done exactly so, or not at all.")
    result = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = ToolApproval
        fields = [
            *("id", "tool", "arguments", "conversation_id", "asked_by", "state", "asked_at"),
            *("expires_at", "decided_by", "decided_at", "result"),
        ]
        read_only_fields = fields


class ToolApprovalViewSet(ReadOnlyModelViewSet):
    """Uses of tools that wait for a person, and what became of them; the newest first."""

    queryset = ToolApproval.objects.all()
    serializer_class = ToolApprovalSerializer
    filterset_fields = {"state": ["exact"], "tool": ["exact"], "asked_by": ["exact"]}

    @extend_schema(request=None, responses={200: ToolApprovalSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str | None = None) -> Response:
        """Do it. A person decides: 403 for a key, and for a token made from one."""
        return self._decided(request, approvals.approve)

    @extend_schema(request=None, responses={200: ToolApprovalSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str | None = None) -> Response:
        """It is not done. A person decides, as above."""
        return self._decided(request, approvals.reject)

    def _decided(self, request: Request, decide: Callable[..., ToolApproval]) -> Response:
        if not isinstance(request.user, User):
            return problem(403, "person_needed", "A person decides on this, not a program.")
        try:
            row = decide(approval=self.get_object(), by=request.user)
        except approvals.NotDecidable as refused:
            return problem(409, refused.code, WHY[refused.code])
        return Response(ToolApprovalSerializer(row).data)
