"""Sample data for programs."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError as Refused
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from tenants.samples import services
from tenants.samples.models import SampleSet

ABSENT = "absent"


class SamplesSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=[ABSENT, *SampleSet.State.values])
    done = serializers.IntegerField(help_text="Steps that are done.")
    total = serializers.IntegerField(help_text="Steps there are.")


class SamplesViewSet(GenericViewSet):
    """Made-up conversations, leads and documents, to look around with."""

    queryset = SampleSet.objects.all()
    serializer_class = SamplesSerializer
    pagination_class = None
    filter_backends = []

    def retrieve(self, request: Request) -> Response:
        """What there is of it now."""
        return _told(services.samples())

    @extend_schema(request=None, responses={202: SamplesSerializer})
    def create(self, request: Request) -> Response:
        """Have it loaded; asked twice, it is loaded once."""
        try:
            return _told(services.load_samples(actor=_actor(request)), status=202)
        except ValidationError as error:
            raise Refused({"state": error.messages}) from error

    @extend_schema(responses={202: SamplesSerializer})
    def destroy(self, request: Request) -> Response:
        """Have all of it removed; nothing of it is left then."""
        return _told(services.remove_samples(actor=_actor(request)), status=202)


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)


def _told(found: SampleSet | None, *, status: int = 200) -> Response:
    row = {
        "state": found.state if found else ABSENT,
        "done": found.done if found else 0,
        "total": found.total if found else 0,
    }
    return Response(SamplesSerializer(row).data, status=status)
