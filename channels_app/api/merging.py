"""Contacts that may be one person, for programs: why, merging them, and taking it back."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from channels_app import services
from channels_app.api.callers import actor_of
from channels_app.models import Contact, ContactMerge, MergeSuggestion
from tenants.api.exceptions import problem


class EvidenceSerializer(serializers.Serializer):
    """``proven`` by both networks, ``recorded`` by the company and proven by one, or only
    ``claimed``; ``here`` and ``there`` are platforms."""

    key = serializers.ChoiceField(choices=["phone", "email", "name", "company"])
    value = serializers.CharField()
    grade = serializers.ChoiceField(choices=["proven", "recorded", "claimed"])
    here = serializers.CharField(allow_blank=True)
    there = serializers.CharField(allow_blank=True)


class MergeSuggestionSerializer(serializers.ModelSerializer):
    evidence = EvidenceSerializer(many=True, read_only=True)

    class Meta:
        model = MergeSuggestion
        fields = [
            "id",
            "one",
            "other",
            "evidence",
            "grade",
            "state",
            "decided_by",
            "decided_at",
            "created_at",
        ]
        read_only_fields = fields


class ContactMergeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContactMerge
        fields = ["id", "survivor", "absorbed", "actor", "at", "undone_by", "undone_at"]
        read_only_fields = fields


class MergeSerializer(serializers.Serializer):
    """The contact that becomes part of the one in the address."""

    absorbed = serializers.PrimaryKeyRelatedField(queryset=Contact.objects.standing())


def merged(request: Request, *, survivor: Contact, absorbed: Contact) -> Response:
    """The merge, or why there is none."""
    try:
        row = services.merge(survivor=survivor, absorbed=absorbed, actor=actor_of(request))
    except services.MergeRefused as refused:
        return problem(409, refused.code, refused.text)
    return Response(ContactMergeSerializer(row).data, status=status.HTTP_201_CREATED)


class MergeSuggestionViewSet(ReadOnlyModelViewSet):
    """Contacts that may be one person, newest first; ``sure`` ones are merged by themselves."""

    queryset = MergeSuggestion.objects.all()
    serializer_class = MergeSuggestionSerializer
    filterset_fields = {
        "state": ["exact"],
        "grade": ["exact"],
        "one": ["exact"],
        "other": ["exact"],
    }

    @extend_schema(request=None, responses={201: ContactMergeSerializer})
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str | None = None) -> Response:
        """They are one person: ``other`` becomes part of ``one``."""
        suggestion = self.get_object()
        return merged(request, survivor=suggestion.one, absorbed=suggestion.other)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        """They are two; not suggested again unless something new is proven."""
        suggestion = services.dismiss(suggestion=self.get_object(), actor=actor_of(request))
        return Response(self.get_serializer(suggestion).data)


class ContactMergeViewSet(ReadOnlyModelViewSet):
    """What was merged, and what was taken back, newest first."""

    queryset = ContactMerge.objects.all()
    serializer_class = ContactMergeSerializer
    filterset_fields = {
        "survivor": ["exact"],
        "absorbed": ["exact"],
        "undone_at": ["isnull"],
    }

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str | None = None) -> Response:
        """Let the absorbed contact stand by itself again, with what is theirs."""
        try:
            row = services.undo(merge=self.get_object(), actor=actor_of(request))
        except services.MergeRefused as refused:
            return problem(409, refused.code, refused.text)
        return Response(self.get_serializer(row).data)
