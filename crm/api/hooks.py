"""Incoming webhooks and meetings and calls, for programs. Secrets go in and never come out."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from crm import services
from crm.hooks import HOOKS
from crm.models import CrmConnection, HookEvent, IncomingHook, TimelineEntry


class IncomingHookSerializer(serializers.ModelSerializer):
    address = serializers.CharField(read_only=True, help_text="What the vendor is told.")

    class Meta:
        model = IncomingHook
        fields = [
            *("id", "kind", "name", "crm", "account_id", "is_active", "address"),
            *("health", "health_text", "last_event_at", "created_at"),
        ]
        read_only_fields = fields


class OpenedHookSerializer(IncomingHookSerializer):
    """A new one; ``secret`` is shown this once, where we made it."""

    secret = serializers.CharField(required=False)

    class Meta(IncomingHookSerializer.Meta):
        fields = [*IncomingHookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class OpenHookSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=HOOKS.choices())
    name = serializers.CharField(max_length=100, required=False, default="")
    crm = serializers.PrimaryKeyRelatedField(
        queryset=CrmConnection.objects.all(), required=False, allow_null=True, default=None
    )
    config = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        default=dict,
        help_text=(
            "secret (made if left out, except for hubspot). vapi: assistant_id, sorry, and to place"
            " calls api_key, phone_number_id, first_words. calendly: api_token, with which we"
            " subscribe, and scope (organization, or empty for one's own)."
        ),
    )


class ChangeHookSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100, required=False, default="")
    is_active = serializers.BooleanField(required=False, default=True)
    config = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        default=dict,
        help_text="A secret that is left out or empty stays as it was.",
    )


class HookEventSerializer(serializers.ModelSerializer):
    class Meta:
        model = HookEvent
        fields = [
            *("id", "hook", "kind", "state", "outcome", "reason", "attempts"),
            *("received_at", "processed_at"),
        ]
        read_only_fields = fields


class TimelineEntrySerializer(serializers.ModelSerializer):
    title = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)
    details = serializers.DictField(read_only=True)

    class Meta:
        model = TimelineEntry
        fields = [
            *("id", "lead", "hook", "kind", "status", "title", "text", "details"),
            *("happens_at", "told_at", "created_at"),
        ]
        read_only_fields = fields


class IncomingHookViewSet(ReadOnlyModelViewSet):
    """Where CRMs, calendars and telephony call the company."""

    queryset = IncomingHook.objects.all()
    serializer_class = IncomingHookSerializer
    filterset_fields = {"kind": ["exact"], "is_active": ["exact"]}

    @extend_schema(request=OpenHookSerializer, responses={201: OpenedHookSerializer})
    def create(self, request: Request) -> Response:
        """Give a vendor an address of its own."""
        body = OpenHookSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        hook = services.open_hook(**body.validated_data, actor=_actor(request))
        made = services.made_hook_secrets(hook, given=body.validated_data["config"])
        answer = {**IncomingHookSerializer(hook).data, **made}
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangeHookSerializer, responses=IncomingHookSerializer)
    @action(detail=True, methods=["post"])
    def configure(self, request: Request, pk: str | None = None) -> Response:
        """New settings, or a pause."""
        body = ChangeHookSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        hook = services.change_hook(
            hook=self.get_object(), **body.validated_data, actor=_actor(request)
        )
        return Response(IncomingHookSerializer(hook).data)

    @extend_schema(request=None, responses=IncomingHookSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str | None = None) -> Response:
        """Take nothing in any more; the secrets go, what came stays."""
        hook = services.close_hook(hook=self.get_object(), actor=_actor(request))
        return Response(IncomingHookSerializer(hook).data)


class HookEventViewSet(ReadOnlyModelViewSet):
    """What came in by these webhooks and what became of it, newest first."""

    queryset = HookEvent.objects.defer("body")
    serializer_class = HookEventSerializer
    filterset_fields = {"hook": ["exact"], "state": ["exact", "in"], "outcome": ["exact"]}

    @extend_schema(request=None, responses=HookEventSerializer)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str | None = None) -> Response:
        """Read an event once more; what it brought is not doubled."""
        event = self.get_object()
        services.replay_hook_events(
            events=HookEvent.objects.filter(pk=event.pk), actor=_actor(request)
        )
        event.refresh_from_db(fields=["state", "outcome", "reason", "attempts", "processed_at"])
        return Response(HookEventSerializer(event).data)


class TimelineEntryViewSet(ReadOnlyModelViewSet):
    """Meetings and calls, the latest first; ``lead`` is empty where it is nobody we know."""

    queryset = TimelineEntry.objects.all()
    serializer_class = TimelineEntrySerializer
    filterset_fields = {"lead": ["exact", "isnull"], "hook": ["exact"], "kind": ["exact"]}


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)
