"""A message tried on the agent, with every step, for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.models import AgentVersion
from agents.services.rehearsing import Rehearsal, rehearse_words
from agents.services.steering import guide_for, guide_of
from agents.services.workbench import account_for
from channels_app.models import Contact, Conversation, channel_kinds
from tenants.api.exceptions import problem
from tenants.workspace.services import profile


class TrySerializer(serializers.Serializer):
    text = serializers.CharField(max_length=4_000)
    version = serializers.IntegerField(
        required=False, allow_null=True, help_text="Its number, drafts too; left out, the live one."
    )
    channel = serializers.CharField(default="webchat", help_text="A network's kind.")
    surface = serializers.ChoiceField(
        choices=Conversation.Surface.choices, default=Conversation.Surface.DIRECT
    )
    language = serializers.RegexField(r"^[a-z]{2}\Z", required=False, default="", allow_blank=True)
    contact = serializers.IntegerField(required=False, allow_null=True)

    def validate_channel(self, kind: str) -> str:
        if kind not in dict(channel_kinds()):
            raise serializers.ValidationError("No such network.")
        return kind


class TriedStepSerializer(serializers.Serializer):
    name = serializers.CharField()
    state = serializers.CharField()
    warning = serializers.CharField()
    milliseconds = serializers.IntegerField()
    detail = serializers.DictField()


class TriedSentenceSerializer(serializers.Serializer):
    text = serializers.CharField()
    title = serializers.CharField()
    document_id = serializers.IntegerField(allow_null=True)
    quote = serializers.CharField()
    problems = serializers.ListField(child=serializers.CharField(), help_text="Why it may not go.")


class TriedCallSerializer(serializers.Serializer):
    task = serializers.CharField()
    route = serializers.CharField()
    status = serializers.CharField()
    error = serializers.CharField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=12, decimal_places=6)
    milliseconds = serializers.IntegerField()


class HeardSerializer(serializers.Serializer):
    """What left the house, placeholders and all."""

    task = serializers.CharField()
    route = serializers.CharField()
    system = serializers.CharField(source="question.whole_system")
    messages = serializers.SerializerMethodField()
    answer = serializers.CharField()

    def get_messages(self, heard: Any) -> list[dict[str, str]]:
        return [{"role": m.role, "content": m.content} for m in heard.question.messages]


class RehearsalSerializer(serializers.Serializer):
    """``text`` is what would be said; ``act`` how (send, delay, draft, never), if at all."""

    version = serializers.IntegerField(source="guide.number")
    outcome = serializers.CharField()
    reason = serializers.CharField()
    text = serializers.CharField()
    act = serializers.SerializerMethodField()
    risk = serializers.SerializerMethodField()
    language = serializers.CharField(source="thought.run.language")
    sentences = TriedSentenceSerializer(many=True)
    steps = TriedStepSerializer(many=True)
    prompts = HeardSerializer(source="heard", many=True)
    calls = TriedCallSerializer(source="thought.calls", many=True)
    cost = serializers.DecimalField(max_digits=12, decimal_places=6)
    tokens = serializers.IntegerField()
    milliseconds = serializers.IntegerField()

    def get_act(self, rehearsal: Rehearsal) -> str:
        return str(rehearsal.ruling.act) if rehearsal.ruling else ""

    def get_risk(self, rehearsal: Rehearsal) -> list[str]:
        return list(rehearsal.ruling.reasons) if rehearsal.ruling else []


class PlaygroundView(APIView):
    """Every step of an answer; nothing is sent, and nothing of it is kept but its cost."""

    permission = "agents.add_run"

    @extend_schema(request=TrySerializer, responses=RehearsalSerializer)
    def post(self, request: Request) -> Response:
        body = TrySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        contact = Contact.objects.filter(pk=said.get("contact") or 0).first()
        if said.get("contact") and contact is None:
            return problem(404, "not_found", "There is no such contact.")
        if contact and not request.user.has_perm("channels_app.view_message"):
            return problem(403, "permission_denied", "This needs the right to read messages.")
        number = said.get("version")
        if number and not AgentVersion.objects.filter(number=number).exists():
            return problem(404, "not_found", f"There is no version {number}.")
        rehearsal = rehearse_words(
            text=said["text"],
            guide=guide_for(profile()) if number is None else guide_of(number),
            platform=said["channel"],
            surface=said["surface"],
            language=said["language"],
            contact=contact,
        ).play()
        account_for(rehearsal)
        return Response(RehearsalSerializer(rehearsal).data)
