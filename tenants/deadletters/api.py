"""Dead letters for programs."""

from typing import Any
from urllib.parse import urlencode

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from tenants.api.exceptions import problem
from tenants.deadletters import deeds
from tenants.deadletters.boxes import Letter, LetterBox, Wanted, box_of
from tenants.deadletters.forms import FilterForm
from tenants.deadletters.models import ReplayOrder
from tenants.deadletters.reading import PAGE, letter_of, page_of, payload_text, tallies
from tenants.deadletters.serializers import (
    LetterDetailSerializer,
    LetterPageSerializer,
    LetterSerializer,
    OrderSerializer,
    ReplaySerializer,
    TallySerializer,
)

MOST = 200
FILTERS = [
    OpenApiParameter("kind", OpenApiTypes.STR, description="One box: inbound, outbound, crm, …"),
    OpenApiParameter("reason", OpenApiTypes.STR, description="Exactly this reason."),
    OpenApiParameter("platform", OpenApiTypes.STR),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="Given up at or after this."),
]
PAGING = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="As `next` names it."),
    OpenApiParameter("page_size", OpenApiTypes.INT, description=f"At most {MOST}."),
]
ID = [OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)]


class DeadLetterViewSet(ViewSet):
    """What was given up: on its way in, out, to a CRM or to a webhook.

    Each box asks for its own right; nothing in here stands in the way of a second try.
    """

    permission = "deadletters.view_letter"

    @extend_schema(
        parameters=[*FILTERS, *PAGING],
        # It is the page, whole.
        responses=forced_singular_serializer(LetterPageSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Response:
        """The latest first."""
        asked = FilterForm(request.query_params)
        size = _size(request)
        page = page_of(
            request.user,
            asked.wanted(),
            kind=asked.chosen()["kind"],
            cursor=request.query_params.get("cursor", ""),
            limit=size,
        )
        following = None
        if page.next_cursor:
            kept = {name: value for name, value in asked.chosen().items() if value}
            query = urlencode({**kept, "page_size": size, "cursor": page.next_cursor})
            following = request.build_absolute_uri(f"?{query}")
        results = LetterSerializer(page.letters, many=True).data
        return Response({"next": following, "previous": None, "results": results})

    @extend_schema(parameters=FILTERS, responses=TallySerializer(many=True))
    @action(detail=False)
    def counts(self, request: Request) -> Response:
        """How many there are, by kind, reason and platform."""
        asked = FilterForm(request.query_params)
        found = tallies(request.user, asked.wanted(), kind=asked.chosen()["kind"])
        return Response(TallySerializer(found, many=True).data)

    @extend_schema(parameters=ID, responses=LetterDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One letter with what is in it."""
        box, letter = _found(request, pk)
        text, is_whole = payload_text(request.user, box, letter)
        shown = LetterSerializer(letter).data
        return Response({**shown, "payload": text, "is_masked": not is_whole})

    @extend_schema(parameters=ID, request=ReplaySerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Try it again. Asked twice, it is tried once."""
        body = ReplaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        box, letter = _found(request, pk)
        _demand(request, box.replays)
        sure = body.validated_data["did_not_arrive"]
        by: Any = request.user
        outcome = deeds.replay(box=box, ids=[letter.id], actor=by.actor, sure=sure)
        for code in outcome.refused.values():
            return problem(409, code, outcome.texts[code])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(parameters=ID, request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """Let it go; what comes under the same key later is taken in all the same."""
        box, letter = _found(request, pk)
        _demand(request, box.discards)
        by: Any = request.user
        deeds.discard(box=box, ids=[letter.id], actor=by.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(parameters=ID, request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """A message whose fate was unknown did arrive: nothing is sent again."""
        box, letter = _found(request, pk)
        _demand(request, box.replays)
        by: Any = request.user
        if not deeds.settle(box=box, letter_id=letter.id, actor=by.actor):
            return problem(409, "no_doubt", "Nothing about this letter is in doubt.")
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReplayOrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Orders to try many letters again or to let them go, and how far each has got."""

    queryset = ReplayOrder.objects.all()
    serializer_class = OrderSerializer
    permission = "deadletters.view_letter"
    filterset_fields = {"state": ["exact"], "kind": ["exact"]}

    @extend_schema(request=OrderSerializer, responses={202: OrderSerializer})
    def create(self, request: Request) -> Response:
        """All letters of a kind that match the rest; they are worked through in slices."""
        body = OrderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        box = box_of(asked["kind"])
        if box is None:
            raise ValidationError({"kind": "There is no such kind of letters."})
        deed = asked.get("deed", ReplayOrder.Deed.REPLAY)
        _demand(request, box.discards if deed == ReplayOrder.Deed.DISCARD else box.replays)
        wanted = Wanted(
            reason=asked.get("reason", ""),
            platform=asked.get("platform", ""),
            since=asked.get("since"),
        )
        by: Any = request.user
        made = deeds.order(box=box, wanted=wanted, actor=by.actor, deed=deed)
        return Response(self.get_serializer(made).data, status=status.HTTP_202_ACCEPTED)


def _found(request: Request, key: str) -> tuple[LetterBox, Letter]:
    found = letter_of(request.user, key)
    if found is None:
        raise NotFound
    return found


def _demand(request: Request, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _size(request: Request) -> int:
    said = request.query_params.get("page_size", "")
    return max(1, min(MOST, int(said))) if said.isdecimal() and len(said) < 6 else PAGE
