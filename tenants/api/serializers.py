"""The ground floor's resources on the wire."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from tenants.accounts import scopes
from tenants.accounts.models import ApiKey, User
from tenants.accounts.roles import Role
from tenants.audit.models import AuditEntry
from tenants.hours import DAYS, Unreadable, read_day, read_other_days
from tenants.workspace.models import UNREADABLE, Profile

SCOPES = [scopes.EVERYTHING, *scopes.NAMES]


class ApiKeySerializer(serializers.ModelSerializer):
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES),
        required=False,
        allow_empty=False,
        max_length=len(SCOPES),
        help_text="What the key may touch of what its role may; `*` is all of that, and the"
        " default. Writing includes reading.",
    )

    class Meta:
        model = ApiKey
        fields = [
            *("id", "name", "prefix", "role", "scopes", "created_by", "created_at"),
            *("expires_at", "last_used_at", "revoked_at"),
        ]
        read_only_fields = ["prefix", "created_by", "last_used_at", "revoked_at"]


class NewApiKeySerializer(ApiKeySerializer):
    """The one answer that carries the key itself."""

    key = serializers.CharField(read_only=True, help_text="Shown this once and never again.")

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]


class TokenRequestSerializer(serializers.Serializer):
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES),
        required=False,
        default=list,
        max_length=len(SCOPES),
        help_text="Fewer than yours; left out, all of yours.",
    )


class TokenSerializer(serializers.Serializer):
    """As OAuth 2 answers: RFC 6749, 5.1."""

    access_token = serializers.CharField(help_text="A JWT, valid at this company only.")
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField(help_text="What it may touch, parted by blanks.")


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "email", "name", "role", "language", "time_zone", "is_active"]


class InviteSerializer(serializers.Serializer):
    """Somebody who is to come in; they choose a password by the link that is mailed to them."""

    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120, default="", allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.AGENT)


class InvitedSerializer(UserSerializer):
    """The one answer that carries the invitation's link."""

    link = serializers.URLField(read_only=True, help_text="Was mailed too; works for three days.")

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "link"]


class ChangeUserSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False, help_text="Whether they may sign in.")


class CompanySerializer(serializers.Serializer):
    """What the company is called, and on whose clock its days begin."""

    subdomain = serializers.CharField(source="schema_name", read_only=True)
    name = serializers.CharField(max_length=100, required=False)
    time_zone = serializers.CharField(
        max_length=64, required=False, help_text="As in the IANA database: Europe/Madrid."
    )


class MeSerializer(serializers.Serializer):
    """Whoever asks: a person, or a program by its key."""

    actor = serializers.CharField(help_text="As histories and the audit log name it.")
    role = serializers.ChoiceField(choices=Role.choices)
    scopes = serializers.ListField(child=serializers.CharField())
    name = serializers.CharField()
    company = serializers.CharField()


class AuditEntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = AuditEntry
        fields = [
            *("id", "sequence", "at", "actor", "action", "subject", "details"),
            *("previous_hash", "hash"),
        ]


def _read(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except Unreadable as error:
        raise serializers.ValidationError(UNREADABLE % {"line": error}) from error
    return text.strip()


class ProfileSerializer(serializers.ModelSerializer):
    languages = serializers.ListField(
        child=serializers.RegexField(r"^[a-z]{2}\Z"), help_text="ISO 639-1; the first is default"
    )
    refusal = serializers.DictField(
        child=serializers.CharField(max_length=500),
        help_text="Language to the exact sentence said where knowledge has no answer.",
    )
    handover = serializers.DictField(
        child=serializers.CharField(max_length=500),
        help_text="Language to the exact sentence said where a person takes over.",
    )
    disclosure = serializers.DictField(
        child=serializers.CharField(max_length=250),
        help_text="Language to how contacts are told that an AI answers; {company} is your name.",
    )
    opening_hours = serializers.DictField(
        child=serializers.CharField(max_length=120, allow_blank=True),
        help_text="A day (mon to sun) to its spans: 09:00-13:00, 15:00-18:00. All empty: always.",
    )
    other_days = serializers.CharField(
        max_length=20_000,
        allow_blank=True,
        help_text="Holidays, one a line: 2026-12-25, each year 12-25, 2026-12-24 - 2027-01-01;"
        " with times behind, open then.",
    )
    away = serializers.DictField(
        child=serializers.CharField(max_length=500),
        help_text="Language to what contacts are told while nobody is there; {opening} is when.",
    )
    confidence_gate = serializers.FloatField(min_value=0, max_value=1)
    quiet_seconds = serializers.FloatField(min_value=0, max_value=60)
    tools = serializers.ListField(
        child=serializers.RegexField(r"^[a-z_]{1,40}\Z"),
        max_length=20,
        help_text="What the AI may use while it answers: search_knowledge, update_lead, hand_over.",
    )
    retention_days = serializers.IntegerField(min_value=1, max_value=3650)

    def validate_opening_hours(self, said: dict[str, str]) -> dict[str, str]:
        if strange := sorted(set(said) - set(DAYS)):
            raise serializers.ValidationError(f"Not a day: {strange[0][:40]}.")
        return {day: _read(read_day, text) for day, text in said.items() if text.strip()}

    def validate_other_days(self, said: str) -> str:
        return _read(read_other_days, said)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ends = [
            attrs.get(name, getattr(self.instance, name)) for name in ("quiet_from", "quiet_to")
        ]
        if (ends[0] is None) != (ends[1] is None):
            raise serializers.ValidationError({"quiet_to": _("Give both times, or neither.")})
        return attrs

    class Meta:
        model = Profile
        fields = [
            *("tone", "languages", "about", "refusal", "handover", "says_handover"),
            *("discloses_ai", "disclosure", "disclosure_hours"),
            *("confidence_gate", "quiet_seconds"),
            *("quiet_from", "quiet_to"),
            *("opening_hours", "other_days", "says_away", "away", "due_soon_minutes"),
            *("gives_out", "gives_to_present", "capacity", "takes_from_absent"),
            *("ai_enabled", "tools", "silence_minutes", "person_minutes", "joins_proven"),
            *("retention_days", "updated_at"),
        ]


class LiveTokenSerializer(serializers.Serializer):
    token = serializers.CharField(help_text="Send it as the first frame, within five seconds.")
    url = serializers.CharField(help_text="Where the WebSocket is.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
