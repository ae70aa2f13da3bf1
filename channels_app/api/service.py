"""Promises, broken ones, and seats at the desk, for programs."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from channels_app.api.callers import actor_of, person_of
from channels_app.models import Breach, Promise
from channels_app.services.promising import change_promise, drop_promise, make_promise
from channels_app.services.seats import Colleague, change_seat, desk, set_away
from tenants.accounts.models import User
from tenants.api.exceptions import problem
from tenants.workspace.services import profile


class PromiseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Promise
        fields = [
            *("id", "name", "connection", "first_minutes", "next_minutes", "resolve_minutes"),
            *("in_hours", "created_at"),
        ]
        extra_kwargs: dict[str, Any] = {
            # The service says which channels have one already.
            "connection": {
                "validators": [],
                "required": False,
                "help_text": "Empty: all channels that have none of their own.",
            },
        }


class PromiseViewSet(ReadOnlyModelViewSet):
    """Within how many minutes somebody is answered, and their matter dealt with."""

    queryset = Promise.objects.all()
    serializer_class = PromiseSerializer
    filterset_fields = {"connection": ["exact", "isnull"]}

    @extend_schema(request=PromiseSerializer, responses={201: PromiseSerializer})
    def create(self, request: Request) -> Response:
        """Promise something; timers run by it from then on."""
        body = PromiseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = _refusing(lambda: make_promise(actor=actor_of(request), **body.validated_data))
        return Response(PromiseSerializer(made).data, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Promise something else; every timer is set anew."""
        row = self.get_object()
        body = PromiseSerializer(row, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        made = _refusing(lambda: change_promise(promise=row, actor=actor_of(request), **said))
        return Response(PromiseSerializer(made).data)

    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Promise it no more; what was not kept stays on record."""
        drop_promise(promise=self.get_object(), actor=actor_of(request))
        return Response(status=204)


def _refusing(deed: Any) -> Any:
    try:
        return deed()
    except ValidationError as error:
        raise serializers.ValidationError(error.message_dict) from error


class BreachSerializer(serializers.ModelSerializer):
    class Meta:
        model = Breach
        fields = ["id", "conversation", "target", "since", "due_at", "assignee", "at"]
        read_only_fields = fields


class BreachViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Promises that were not kept, newest first, each once."""

    queryset = Breach.objects.all()
    serializer_class = BreachSerializer
    filterset_fields = {
        "conversation": ["exact"],
        "target": ["exact"],
        "assignee": ["exact", "isnull"],
        "due_at": ["gte", "lt"],
    }


class SeatSerializer(serializers.Serializer):
    """A colleague at the desk, as they stand at this moment."""

    user = serializers.IntegerField(source="user.pk")
    name = serializers.CharField(source="user")
    takes_turns = serializers.BooleanField(source="seat.takes_turns")
    capacity = serializers.IntegerField(help_text="Open conversations they carry at most.")
    carries = serializers.IntegerField(help_text="Open conversations that are theirs.")
    away_since = serializers.DateTimeField(source="seat.away_since", allow_null=True)
    is_here = serializers.BooleanField(help_text="Had a page of the inbox open a moment ago.")


class ChangeSeatSerializer(serializers.Serializer):
    takes_turns = serializers.BooleanField(required=False)
    capacity = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=1_000,
        help_text="null: as the company has it.",
    )
    is_away = serializers.BooleanField(required=False)


class OwnSeatSerializer(serializers.Serializer):
    is_away = serializers.BooleanField()


class SeatViewSet(GenericViewSet):
    """Everybody who works in the inbox, by name; a seat goes by its person's number."""

    queryset = User.objects.none()
    serializer_class = SeatSerializer
    pagination_class = None
    filter_backends = []
    permissions = {"list": "view", "retrieve": "view", "partial_update": "change"}

    @property
    def permission(self) -> str:
        verb = self.permissions.get(self.action or "", "change")
        return f"channels_app.{verb}_seat"

    @extend_schema(responses=SeatSerializer(many=True))
    def list(self, request: Request) -> Response:
        return Response(SeatSerializer(desk(profile()), many=True).data)

    def retrieve(self, request: Request, pk: int) -> Response:
        found = _colleague(pk)
        return _nobody() if found is None else Response(SeatSerializer(found).data)

    @extend_schema(request=ChangeSeatSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """Whether they take turns, how much they carry, and whether they are there."""
        body = ChangeSeatSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = _colleague(pk)
        if found is None:
            return _nobody()
        said, actor = dict(body.validated_data), actor_of(request)
        is_away = said.pop("is_away", None)
        if said:
            change_seat(user=found.user, actor=actor, **said)
        if is_away is not None:
            set_away(user=found.user, is_away=is_away, actor=actor)
        return Response(SeatSerializer(_colleague(pk)).data)


class OwnSeatViewSet(GenericViewSet):
    """The seat of whoever asks; keys have none."""

    queryset = User.objects.none()
    serializer_class = SeatSerializer

    @property
    def permission(self) -> str:
        looks = self.action == "retrieve"
        return "channels_app.view_seat" if looks else "channels_app.change_conversation"

    def retrieve(self, request: Request) -> Response:
        """Whether one takes turns, what one carries, and since when one is away."""
        person = person_of(request)
        return _keyless() if person is None else _seat_of(person)

    @extend_schema(request=OwnSeatSerializer)
    def partial_update(self, request: Request) -> Response:
        """Go, or come back: nothing is given to who is away."""
        body = OwnSeatSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person = person_of(request)
        if person is None:
            return _keyless()
        set_away(user=person, is_away=body.validated_data["is_away"])
        return _seat_of(person)


def _colleague(pk: int) -> Colleague | None:
    return next((each for each in desk(profile()) if each.user.pk == pk), None)


def _nobody() -> Response:
    return problem(404, "not_found", "Nobody of this number works in the inbox.")


def _seat_of(person: User) -> Response:
    found = _colleague(person.pk)
    return _nobody() if found is None else Response(SeatSerializer(found).data)


def _keyless() -> Response:
    return problem(403, "person_needed", "A key has no seat: ask as a person.")
