"""Channels, conversations and messages for programs. Changes go through named deeds."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from channels_app import outbox, services
from channels_app.api.callers import actor_of, person_of
from channels_app.api.desk import DeskDeeds
from channels_app.api.merging import (
    ContactMergeSerializer,
    MergeSerializer,
    merged,
)
from channels_app.api.phrasing import offered_templates, said_by
from channels_app.api.serializers import (
    AdjustSerializer,
    AssignSerializer,
    ConnectionSerializer,
    ConnectSerializer,
    ContactSerializer,
    ConversationSerializer,
    InboundEventSerializer,
    MessageSerializer,
    MessageTemplateSerializer,
    OfferedTemplateSerializer,
    OptOutSerializer,
    ReplySerializer,
    TakeOverSerializer,
)
from channels_app.forms import settings_form
from channels_app.media.services import MediaRefused, sendable
from channels_app.models import (
    ChannelConnection,
    Contact,
    Conversation,
    InboundEvent,
    Message,
)
from tenants.api.exceptions import problem
from tenants.plugins.errors import ProviderError


class ConnectionViewSet(ReadOnlyModelViewSet):
    """The company's accounts at the networks. Secrets go in and never come out."""

    queryset = ChannelConnection.objects.all()
    serializer_class = ConnectionSerializer
    filterset_fields = {"platform": ["exact"], "is_active": ["exact"], "health": ["exact"]}
    verbs = {"templates": "view"}

    @extend_schema(request=ConnectSerializer, responses={201: ConnectionSerializer})
    def create(self, request: Request) -> Response:
        """Connect an account, or renew its connection."""
        body = ConnectSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            connection = services.connect(**body.validated_data, actor=actor_of(request))
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return Response(self.get_serializer(connection).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def disconnect(self, request: Request, pk: str | None = None) -> Response:
        """Stop taking in and sending; what was said stays, the secrets are erased."""
        connection = services.disconnect(connection=self.get_object(), actor=actor_of(request))
        return Response(self.get_serializer(connection).data)

    @extend_schema(request=AdjustSerializer, responses=AdjustSerializer)
    @action(detail=True, methods=["post"])
    def adjust(self, request: Request, pk: str | None = None) -> Response:
        """Put other settings in place of the old ones; what is not named stays.

        The answer names what was set; secrets go in and never come out.
        """
        body = AdjustSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        connection = self.get_object()
        form = settings_form(connection)
        if strange := sorted(set(body.validated_data["settings"]) - set(form.fields)):
            raise serializers.ValidationError({"settings": f"No setting: {strange[0][:60]}."})
        stands = {name: form[name].initial for name in form.fields}
        wanted = {**stands, **body.validated_data["settings"]}
        filled = settings_form(
            connection, {f"config-{name}": said for name, said in wanted.items()}
        )
        if not filled.is_valid():
            faults = [f"{name}: {said[0]}" for name, said in filled.errors.items()]
            raise serializers.ValidationError({"settings": faults})
        changes = {name: filled.cleaned_data[name] for name in body.validated_data["settings"]}
        services.adjust(connection=connection, changes=changes, actor=actor_of(request))
        secrets = set(connection.provider().secret_names.values())
        shown = {name: value for name, value in changes.items() if name not in secrets}
        return Response({"settings": shown})

    @extend_schema(responses=MessageTemplateSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def templates(self, request: Request, pk: str | None = None) -> Response:
        """The message templates of this account, as the network last told us of them."""
        return _templates_of(self.get_object())

    @extend_schema(request=None, responses=MessageTemplateSerializer(many=True), filters=False)
    @action(detail=True, methods=["post"], url_path="fetch-templates", pagination_class=None)
    def fetch_templates(self, request: Request, pk: str | None = None) -> Response:
        """Ask the network for them anew."""
        connection = self.get_object()
        try:
            services.sync_templates(connection=connection)
        except ProviderError as error:
            return problem(409, error.code or "provider", str(error))
        return _templates_of(connection)


def _templates_of(connection: ChannelConnection) -> Response:
    rows = connection.message_templates.all()
    return Response(MessageTemplateSerializer(rows, many=True).data)


class ContactViewSet(ReadOnlyModelViewSet):
    """The people who write. One that became part of another names it; the list leaves it out."""

    queryset = Contact.objects.prefetch_related("identities")
    serializer_class = ContactSerializer
    filterset_fields = {
        "language": ["exact"],
        "is_blocked": ["exact"],
        "has_opted_out": ["exact"],
    }

    def get_queryset(self) -> QuerySet[Contact]:
        rows = super().get_queryset()
        return rows.filter(absorbed_into=None) if self.action == "list" else rows

    @extend_schema(request=MergeSerializer, responses={201: ContactMergeSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str | None = None) -> Response:
        """Make another contact part of this one; can be undone."""
        body = MergeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return merged(request, survivor=self.get_object(), **body.validated_data)

    @extend_schema(request=OptOutSerializer)
    @action(detail=True, methods=["post"], url_path="opt-out")
    def opt_out(self, request: Request, pk: str | None = None) -> Response:
        """Write down that they want no more of something; the send policy keeps to it."""
        body = OptOutSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        contact, actor = self.get_object(), actor_of(request)
        services.opt_out(contact=contact, source="colleague", actor=actor, **body.validated_data)
        return Response(self.get_serializer(contact).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="opt-in")
    def opt_in(self, request: Request, pk: str | None = None) -> Response:
        """They want to be written to again."""
        contact = self.get_object()
        services.opt_in(contact=contact, source="colleague", actor=actor_of(request))
        return Response(self.get_serializer(contact).data)


class ConversationViewSet(DeskDeeds, ReadOnlyModelViewSet):
    """Conversations, newest first."""

    queryset = Conversation.objects.with_people().prefetch_related("labels")
    serializer_class = ConversationSerializer
    filterset_fields = {
        "status": ["exact"],
        "controller": ["exact"],
        "connection": ["exact"],
        "contact": ["exact"],
        "assignee": ["exact", "isnull"],
        "due_at": ["gte", "lt", "isnull"],
    }
    verbs = {"messages": "view", "templates": "view"}

    @extend_schema(responses=MessageSerializer(many=True), filters=False)
    @action(detail=True)
    def messages(self, request: Request, pk: str | None = None) -> Response:
        """The messages of this conversation, newest first."""
        page = self.paginate_queryset(_messages().filter(conversation=self.get_object()))
        return self.get_paginated_response(MessageSerializer(page, many=True).data)

    @extend_schema(responses=OfferedTemplateSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def templates(self, request: Request, pk: str | None = None) -> Response:
        """What may be sent here whatever the window, and the gaps to be filled."""
        return Response(offered_templates(self.get_object()))

    @extend_schema(request=ReplySerializer, responses={201: MessageSerializer})
    @action(detail=True, methods=["post"])
    def reply(self, request: Request, pk: str | None = None) -> Response:
        """Write to the contact as a person; the conversation is theirs from then on."""
        body = ReplySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        named, template = said.pop("media"), said.pop("template")
        said |= {"user": person_of(request), "actor": actor_of(request)}
        opened, human = self.get_object(), Message.Author.HUMAN
        try:
            template = said_by(opened, template, said)
            if named:
                files = sendable(ids=named)
                message = outbox.post_with_files(
                    conversation=opened, files=files, author=human, **said
                )[0]
            else:
                message = outbox.post_message(
                    conversation=opened, author=human, template=template, **said
                )
        except MediaRefused as refused:
            return problem(409, refused.code, str(refused.text))
        except outbox.SendRefused as refusal:
            return problem(409, refusal.code, refusal.text, next_allowed_at=refusal.next_allowed_at)
        return Response(MessageSerializer(message).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TakeOverSerializer)
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str | None = None) -> Response:
        """A person leads; the AI falls silent."""
        body = TakeOverSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._done(request, services.take_over, reason=body.validated_data["reason"])

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="hand-back")
    def hand_back(self, request: Request, pk: str | None = None) -> Response:
        """Let the AI lead again."""
        return self._done(request, services.hand_back)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str | None = None) -> Response:
        """Nothing is left to do."""
        return self._done(request, services.close)

    @extend_schema(request=AssignSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str | None = None) -> Response:
        """Give it to a colleague, or to nobody in particular."""
        body = AssignSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._done(request, services.assign, assignee=body.validated_data["assignee"])

    def _done(self, request: Request, deed: Any, **details: Any) -> Response:
        conversation = deed(
            conversation=self.get_object(),
            user=person_of(request),
            actor=actor_of(request),
            **details,
        )
        return Response(self.get_serializer(conversation).data)


def _messages() -> QuerySet[Message]:
    return Message.objects.prefetch_related("media").order_by("-pk")


class MessageViewSet(ReadOnlyModelViewSet):
    """Every message of the company, newest first."""

    queryset = _messages()
    serializer_class = MessageSerializer
    filterset_fields = {
        "conversation": ["exact"],
        "direction": ["exact"],
        "author": ["exact"],
        "state": ["exact"],
        "provider_time": ["gte", "lte"],
    }
    verbs = {"hide": "add", "show": "add"}  # who may answer a comment may also hide it

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def hide(self, request: Request, pk: str | None = None) -> Response:
        """Take a public comment out of everybody's sight, at the network."""
        return self._moderate(request, hidden=True)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def show(self, request: Request, pk: str | None = None) -> Response:
        """Show a hidden comment again."""
        return self._moderate(request, hidden=False)

    def _moderate(self, request: Request, *, hidden: bool) -> Response:
        message = self.get_object()
        try:
            services.hide(message=message, hidden=hidden, actor=actor_of(request))
        except ProviderError as error:
            return problem(409, error.code or "provider", str(error))
        return Response(self.get_serializer(message).data)


class InboundEventViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """What came in by webhook, and what became of it."""

    queryset = InboundEvent.objects.all()
    serializer_class = InboundEventSerializer
    filterset_fields = {
        "connection": ["exact"],
        "status": ["exact"],
        "outcome": ["exact"],
        "kind": ["exact"],
        "received_at": ["gte", "lte"],
    }

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str | None = None) -> Response:
        """Read it once more; what it brought is not doubled."""
        event = services.replay(event=self.get_object(), actor=actor_of(request))
        return Response(self.get_serializer(event).data)
