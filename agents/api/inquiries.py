"""``POST /api/v1/leads/``: a raw inquiry in, an explained lead and a reply out."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from agents.services.inquiries import Came, Inquiry, answer_inquiry
from leads.api.serializers import ContributionSerializer
from leads.api.views import LeadViewSet
from tenants.api.exceptions import problem

OURS = ("message", "name", "email", "phone", "language")


class InquirySerializer(serializers.Serializer):
    """What somebody asked, in their own words, and what is known of them."""

    message = serializers.CharField(max_length=10_000)
    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    email = serializers.EmailField(required=False, default="", allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    language = serializers.RegexField(
        r"^[a-z]{2}\Z", required=False, default="", allow_blank=True, help_text="ISO 639-1."
    )
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.CharField(max_length=1_000, allow_blank=True),
        required=False,
        default=dict,
        help_text="Anything else that was filled in; scoring reads it too.",
    )
    external_id = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text="Yours: the same inquiry again is the same lead, for ever.",
    )


class InquiryCrmSerializer(serializers.Serializer):
    connection = serializers.IntegerField(source="connection_id")
    state = serializers.CharField(help_text="As in sync-records.")
    external_id = serializers.CharField()


class AnsweredInquirySerializer(serializers.Serializer):
    """The pipeline's whole result."""

    status = serializers.ChoiceField(
        choices=[str(each) for each in Came],
        help_text="complete; fallback: a model failed and another stepped in; partial: a step"
        " failed, see warnings; pending: a worker thinks on; no_ai: taken in, for a person.",
    )
    lead = serializers.IntegerField(source="lead.pk", default=None, allow_null=True)
    contact = serializers.IntegerField(source="message.conversation.contact_id")
    conversation = serializers.IntegerField(source="message.conversation_id")
    message = serializers.IntegerField(source="message.pk")
    run = serializers.IntegerField(source="run.pk", default=None, allow_null=True)
    intent = serializers.CharField(source="run.intent", default="")
    confidence = serializers.FloatField(source="run.confidence", default=None, allow_null=True)
    sentiment = serializers.FloatField(source="run.sentiment", default=None, allow_null=True)
    language = serializers.CharField(source="run.language", default="")
    facts = serializers.DictField(child=serializers.CharField(), source="lead.facts", default=dict)
    score = serializers.IntegerField(source="lead.score", default=None, allow_null=True)
    tier = serializers.CharField(source="lead.tier", default="")
    reasons = serializers.SerializerMethodField(help_text="They add up to the score.")
    reply = serializers.CharField(help_text="What was said, or would have been; empty for none.")
    outcome = serializers.CharField(source="run.outcome", default="", help_text="As in runs.")
    outcome_reason = serializers.CharField(source="run.outcome_reason", default="")
    crm = InquiryCrmSerializer(source="records", many=True)
    warnings = serializers.ListField(
        child=serializers.CharField(), source="run.warnings", default=list
    )

    @extend_schema_field(ContributionSerializer(many=True))
    def get_reasons(self, inquiry: Inquiry) -> Any:
        rows = inquiry.lead.contributions.all() if inquiry.lead else []
        return ContributionSerializer(rows, many=True).data


class InquiryLeadViewSet(LeadViewSet):
    """Leads, newest first; and the way in for inquiries that programs bring."""

    @extend_schema(request=InquirySerializer, responses={201: AnsweredInquirySerializer})
    def create(self, request: Request) -> Response:
        """Run the whole pipeline on a raw inquiry: understand, score, draft, check, sync.

        It takes as long as the models do. The same `external_id`, or without one the same
        words of the same person, is the same inquiry. The reply is sent by e-mail where a
        mailbox is connected and the policy says so; it is in the answer in any case.
        """
        body = InquirySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        by: Any = request.user
        more = {name: text for name, text in given["fields"].items() if name not in OURS}
        inquiry = answer_inquiry(
            fields={**more, **{name: given[name] for name in OURS if given[name]}},
            own_id=given["external_id"],
            actor=by.actor,
        )
        if inquiry is None:
            return problem(422, "nothing_to_read", "Nothing in this can be read.")
        shown = AnsweredInquirySerializer(inquiry).data
        return Response(shown, status=status.HTTP_201_CREATED)
