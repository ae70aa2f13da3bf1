"""Leads on the wire."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from leads import bant, fit, weights
from leads.models import Contribution, Lead, LeadChange
from leads.pipeline import LONGEST_KEY
from leads.services import bant_of, fit_of, known_facts, what_would_make_it_hot
from tenants.accounts.models import User


class LeadSerializer(serializers.ModelSerializer):
    facts = serializers.DictField(child=serializers.CharField(), read_only=True)
    tags: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)

    class Meta:
        model = Lead
        fields = [
            *("id", "contact", "name", "email", "phone", "company", "stage", "tier", "score"),
            *("is_hot", "owner", "tags", "facts", "version", "created_at", "updated_at"),
        ]
        read_only_fields = fields


class ContributionSerializer(serializers.ModelSerializer):
    """One reason for the score; all of a lead's add up to it."""

    quote = serializers.CharField(read_only=True)

    class Meta:
        model = Contribution
        fields = [
            *("id", "rule", "rule_version", "label", "points", "quote", "message", "actor"),
            "created_at",
        ]
        read_only_fields = fields


class LeadChangeSerializer(serializers.ModelSerializer):
    before = serializers.CharField(read_only=True)
    after = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)

    class Meta:
        model = LeadChange
        fields = ["id", "field", "before", "after", "actor", "reason", "message", "at"]
        read_only_fields = fields


class KnownFactSerializer(serializers.Serializer):
    """A fact with the words, and the message, that it rests on."""

    name = serializers.CharField()
    value = serializers.CharField()
    quote = serializers.CharField()
    message = serializers.IntegerField(source="message_id", allow_null=True)


class MatchSerializer(serializers.Serializer):
    """One dimension of the fit; ``share`` is what it counts for, of all that is asked about."""

    dimension = serializers.ChoiceField(choices=list(fit.DIMENSIONS))
    state = serializers.ChoiceField(choices=fit.STATES)
    value = serializers.CharField(allow_blank=True)
    share = serializers.IntegerField()


class FitSerializer(serializers.Serializer):
    percent = serializers.IntegerField(
        allow_null=True, help_text="Null where the rule set in force does not say whom you sell to."
    )
    matches = MatchSerializer(many=True, help_text="The dimensions that are asked about.")


class BantSerializer(serializers.Serializer):
    """Budget, authority, need or timing; ``question`` is empty where it is answered."""

    key = serializers.ChoiceField(
        choices=[letter.key for letter in bant.LETTERS], source="letter.key"
    )
    value = serializers.CharField(allow_blank=True)
    question = serializers.SerializerMethodField()

    def get_question(self, answer: bant.Answer) -> str:
        return gettext(answer.letter.question) if answer.is_open else ""


class LeadDetailSerializer(LeadSerializer):
    """A lead with everything behind it."""

    contributions = ContributionSerializer(many=True, read_only=True)
    changes = serializers.SerializerMethodField(help_text="The newest hundred.")
    known_facts = serializers.SerializerMethodField()
    what_would_make_it_hot = serializers.SerializerMethodField()
    fit = serializers.SerializerMethodField()
    bant = serializers.SerializerMethodField()

    class Meta(LeadSerializer.Meta):
        fields = [
            *LeadSerializer.Meta.fields,
            *("contributions", "changes", "known_facts", "what_would_make_it_hot"),
            *("fit", "bant"),
        ]
        read_only_fields = fields

    @extend_schema_field(LeadChangeSerializer(many=True))
    def get_changes(self, lead: Lead) -> Any:
        return LeadChangeSerializer(lead.changes.all()[:100], many=True).data

    @extend_schema_field(KnownFactSerializer(many=True))
    def get_known_facts(self, lead: Lead) -> Any:
        return KnownFactSerializer(known_facts(lead), many=True).data

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_what_would_make_it_hot(self, lead: Lead) -> list[str]:
        return what_would_make_it_hot(lead)

    @extend_schema_field(FitSerializer)
    def get_fit(self, lead: Lead) -> Any:
        return FitSerializer(fit_of(lead)).data

    @extend_schema_field(BantSerializer(many=True))
    def get_bant(self, lead: Lead) -> Any:
        return BantSerializer(bant_of(lead), many=True).data


class AssignLeadSerializer(serializers.Serializer):
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True),
        allow_null=True,
        help_text="A person's id; null takes the lead from its owner.",
    )
    reason = serializers.CharField(max_length=300, required=False, default="")


class SetStageSerializer(serializers.Serializer):
    stage = serializers.CharField(
        max_length=LONGEST_KEY, help_text="The key of one of the company's stages, such as ``won``."
    )
    reason = serializers.CharField(max_length=300, required=False, default="")


class TagLeadSerializer(serializers.Serializer):
    add = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=20,
        default=list,
        help_text="Names; one that nobody used yet becomes a tag.",
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=20, default=list
    )


class OverrideScoreSerializer(serializers.Serializer):
    score = serializers.IntegerField(
        min_value=0,
        max_value=weights.HIGHEST,
        allow_null=True,
        help_text="Null takes an earlier override back.",
    )
    reason = serializers.CharField(max_length=300, required=False, default="")


class CorrectFactsSerializer(serializers.Serializer):
    facts = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_blank=True),
        allow_empty=False,
        help_text="Name and value; an empty value takes a fact back.",
    )
