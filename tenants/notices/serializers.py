"""Notices as programs see them."""

from rest_framework import serializers

from tenants.notices.kinds import Mail
from tenants.notices.models import Notice, NoticeHabits


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """``subject`` is the number of what it is about: a conversation, a lead, a connection."""

    title = serializers.CharField(read_only=True)
    about = serializers.CharField(read_only=True)
    by = serializers.CharField(read_only=True)
    link = serializers.CharField(read_only=True)

    class Meta:
        model = Notice
        fields = ["id", "kind", "title", "subject", "about", "by", "link", "created_at", "read_at"]


class UnreadSerializer(serializers.Serializer[None]):
    unread = serializers.IntegerField(help_text="Up to 100: beyond 99 nobody counts.")


class ReadSerializer(serializers.Serializer[None]):
    count = serializers.IntegerField()


class WishSerializer(serializers.Serializer[None]):
    page = serializers.BooleanField()
    mail = serializers.ChoiceField(Mail.choices)
    push = serializers.BooleanField()


class NoticeHabitsSerializer(serializers.ModelSerializer[NoticeHabits]):
    """``wishes`` by kind; a kind that is not named stays as it was."""

    wishes = serializers.DictField(child=WishSerializer(), required=False)
    mail_after = serializers.IntegerField(min_value=0, max_value=1440, required=False)
    digest_hour = serializers.IntegerField(min_value=0, max_value=23, required=False)

    class Meta:
        model = NoticeHabits
        fields = [
            "wishes",
            "mail_after",
            "digest_hour",
            "quiet_from",
            "quiet_to",
            "names_people",
        ]
