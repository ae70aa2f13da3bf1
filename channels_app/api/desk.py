"""What people lay beside conversations, for programs: labels, snoozes, canned words, kept views."""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from channels_app import services
from channels_app.api.callers import actor_of, person_of
from channels_app.api.serializers import ConversationSerializer
from channels_app.models import CannedReply, InboxView, Label
from channels_app.services.labelling import put_label, take_label
from channels_app.services.snoozing import snooze
from channels_app.services.views import keep_view, remove_view
from tenants.api.exceptions import problem


class SnoozeSerializer(serializers.Serializer):
    until = serializers.DateTimeField(
        allow_null=True, default=None, help_text="Left out: until they write again."
    )

    def validate_until(self, until: Any) -> Any:
        if until is not None and until <= timezone.now():
            raise serializers.ValidationError("That moment is over.")
        return until


class LabelConversationSerializer(serializers.Serializer):
    add = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=20,
        default=list,
        help_text="Names; one that nobody used yet becomes a label.",
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=20, default=list
    )


class DeskDeeds(GenericViewSet):
    """Deeds on one conversation that put it out of sight, bring it back, or sort it."""

    @extend_schema(request=None, responses=ConversationSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str | None = None) -> Response:
        """There is something to do after all."""
        return self._desk(request, services.reopen)

    @extend_schema(request=SnoozeSerializer, responses=ConversationSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str | None = None) -> Response:
        """Put it out of sight until a moment, or until they write again."""
        body = SnoozeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._desk(request, snooze, until=body.validated_data["until"])

    @extend_schema(request=LabelConversationSerializer, responses=ConversationSerializer)
    @action(detail=True, methods=["post"])
    def label(self, request: Request, pk: str | None = None) -> Response:
        """Put labels on it and take others off, by their names, whatever their capitals."""
        body = LabelConversationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        opened = self.get_object()
        by: dict[str, Any] = {"user": person_of(request), "actor": actor_of(request)}
        for name in body.validated_data["remove"]:
            for label in Label.objects.filter(name__iexact=" ".join(name.split())):
                take_label(conversation=opened, label=label, **by)
        for name in body.validated_data["add"]:
            put_label(conversation=opened, name=name, **by)
        return Response(self.get_serializer(self.get_object()).data)

    def _desk(self, request: Request, deed: Any, **details: Any) -> Response:
        by = {"user": person_of(request), "actor": actor_of(request)}
        deed(conversation=self.get_object(), **by, **details)
        return Response(self.get_serializer(self.get_object()).data)


class CannedReplySerializer(serializers.ModelSerializer):
    class Meta:
        model = CannedReply
        fields = ["id", "shortcut", "text", "created_at"]

    def validate_shortcut(self, shortcut: str) -> str:
        if CannedReply.objects.filter(shortcut__iexact=shortcut).exists():
            raise serializers.ValidationError("Another one has this word.", code="unique")
        return shortcut


class CannedReplyViewSet(mixins.CreateModelMixin, mixins.DestroyModelMixin, ReadOnlyModelViewSet):
    """What is written often, newest first; `{name}` and the like are filled in where it is used."""

    queryset = CannedReply.objects.all()
    serializer_class = CannedReplySerializer
    filterset_fields = {"shortcut": ["iexact"]}


class InboxViewSerializer(serializers.ModelSerializer):
    is_shared = serializers.SerializerMethodField(help_text="Everybody's, or only one's own.")

    class Meta:
        model = InboxView
        fields = [
            *("id", "name", "is_shared", "status", "whose", "platform", "label", "is_waiting"),
            "created_at",
        ]
        read_only_fields = fields

    def get_is_shared(self, view: InboxView) -> bool:
        return view.owner_id is None


class KeepInboxViewSerializer(serializers.ModelSerializer):
    is_shared = serializers.BooleanField(default=False)

    class Meta:
        model = InboxView
        fields = ["name", "is_shared", "status", "whose", "platform", "label", "is_waiting"]


class InboxViewViewSet(ReadOnlyModelViewSet):
    """Lists of conversations that somebody keeps: the asking person's own, and everybody's."""

    queryset = InboxView.objects.all()
    serializer_class = InboxViewSerializer

    def get_queryset(self) -> Any:
        person = person_of(self.request)
        shown = Q(owner=None)
        return InboxView.objects.filter(shown if person is None else shown | Q(owner=person))

    @extend_schema(request=KeepInboxViewSerializer, responses={201: InboxViewSerializer})
    def create(self, request: Request) -> Response:
        """Keep a list under a name."""
        body = KeepInboxViewSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person = person_of(request)
        if person is None:
            return problem(403, "person_needed", "A view is kept by a person: ask as one.")
        made = keep_view(user=person, **body.validated_data)
        return Response(InboxViewSerializer(made).data, status=201)

    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Keep it no more; a shared one is gone for everybody."""
        remove_view(view=self.get_object())
        return Response(status=204)
