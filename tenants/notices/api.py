"""A person's notices for a program of theirs. A key is nobody's: it has none."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from tenants.accounts.models import User
from tenants.notices import services
from tenants.notices.kinds import Mail, Wish
from tenants.notices.models import Notice
from tenants.notices.serializers import (
    NoticeHabitsSerializer,
    NoticeSerializer,
    ReadSerializer,
    UnreadSerializer,
)
from tenants.notices.views import kinds_for


class NoticeViewSet(ReadOnlyModelViewSet):
    """What you were told, newest first; ``read_at__isnull=true`` is what you have not seen."""

    verbs = {"unread": "view", "habits": "view"}
    queryset = Notice.objects.filter(is_shown=True)
    serializer_class = NoticeSerializer
    filterset_fields = {"kind": ["exact"], "read_at": ["isnull"]}

    def get_queryset(self) -> QuerySet[Notice]:
        user = self.request.user
        rows = super().get_queryset()
        return rows.filter(user=user) if isinstance(user, User) else rows.none()

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str | None = None) -> Response:
        """You have seen it: it is neither mailed nor shown by a browser any more."""
        notice = self.get_object()
        services.read_one(user=notice.user, notice_id=notice.pk)
        notice.refresh_from_db()
        return Response(NoticeSerializer(notice).data)

    @extend_schema(request=None, responses=ReadSerializer)
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """You have seen all of them."""
        return Response({"count": services.read_all(user=_person(request))})

    @extend_schema(responses=UnreadSerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def unread(self, request: Request) -> Response:
        """How many you have not seen."""
        return Response({"unread": services.unread_count(_person(request))})

    @extend_schema(responses=NoticeHabitsSerializer, filters=False)
    @action(detail=False, url_path="settings", pagination_class=None)
    def habits(self, request: Request) -> Response:
        """How you want to be told."""
        return Response(_shown(_person(request)))

    @extend_schema(request=NoticeHabitsSerializer, responses=NoticeHabitsSerializer)
    @habits.mapping.patch
    def change_habits(self, request: Request) -> Response:
        """Be told in another way."""
        user = _person(request)
        body = NoticeHabitsSerializer(services.habits_of(user), data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        if {"quiet_from", "quiet_to"} & set(given):
            hours = {
                name: given.get(name, getattr(body.instance, name))
                for name in ("quiet_from", "quiet_to")
            }
            if (hours["quiet_from"] is None) != (hours["quiet_to"] is None):
                raise serializers.ValidationError(
                    {"quiet_to": "Quiet hours need a beginning and an end."}
                )
        wishes = given.pop("wishes", None)
        services.set_habits(
            user=user,
            wishes=None if wishes is None else _wishes(user, wishes),
            **given,
        )
        return Response(_shown(user), status=status.HTTP_200_OK)


def _wishes(user: User, said: dict[str, Any]) -> dict[str, Wish]:
    """Of each kind that is named the ways that are named; the others stay."""
    kept = services.habits_of(user).wishes
    known = {kind.name: kind.wish_in(kept) for kind in kinds_for(user)}
    if unknown := sorted(set(said) - set(known)):
        raise serializers.ValidationError({"wishes": f"There is no such kind: {unknown[0]}."})
    wishes = {}
    for name, ways in said.items():
        wish = known[name].as_json() | ways
        wishes[name] = Wish(page=wish["page"], mail=Mail(wish["mail"]), push=wish["push"])
    return wishes


def _shown(user: User) -> dict[str, Any]:
    habits = services.habits_of(user)
    wishes = {kind.name: kind.wish_in(habits.wishes).as_json() for kind in kinds_for(user)}
    return {**NoticeHabitsSerializer(habits).data, "wishes": wishes}


def _person(request: Request) -> User:
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied("A key is nobody's, and has no notices.")
