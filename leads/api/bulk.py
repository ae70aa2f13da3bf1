"""One deed for many leads, and taking it back, on the wire."""

from rest_framework import serializers

from leads.services.bulk import DEEDS, MOST


class ChangeManySerializer(serializers.Serializer):
    """What is so already, and what is not there, is left alone."""

    leads = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=MOST,
        help_text="Their ids.",
    )
    deed = serializers.ChoiceField(choices=DEEDS)
    value = serializers.CharField(
        max_length=40,
        allow_blank=True,
        help_text="A stage's key, a person's id (empty: nobody), or a tag's id.",
    )


class DoneManySerializer(serializers.Serializer):
    """What was done, and what each lead was before: sent to `take-back`, it is undone."""

    deed = serializers.ChoiceField(choices=DEEDS)
    value = serializers.CharField(max_length=40, allow_blank=True)
    before = serializers.DictField(
        child=serializers.CharField(max_length=40, allow_blank=True),
        help_text="By the ids of the leads that were changed.",
    )

    def validate_before(self, before: dict[str, str]) -> dict[str, str]:
        if len(before) > MOST:
            raise serializers.ValidationError("These are too many leads at once.")
        if not all(pk.isdecimal() and pk.isascii() and len(pk) < 19 for pk in before):
            raise serializers.ValidationError("The names are ids of leads.")
        return before


class TakenBackSerializer(serializers.Serializer):
    leads = serializers.IntegerField(
        help_text="How many are what they were; not those that somebody changed since."
    )
