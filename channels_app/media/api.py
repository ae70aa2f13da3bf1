"""Files over the API: handed to us to be sent, and told of with a link that ends."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from channels_app.media import fetching, services
from channels_app.media.reasons import reason_of
from channels_app.models import Media
from tenants.accounts.models import User
from tenants.api.exceptions import problem


class MediaSerializer(serializers.ModelSerializer):
    """``url`` is there once the file is; whoever has it may fetch the file for an hour or so."""

    name = serializers.CharField(read_only=True)
    url = serializers.SerializerMethodField()
    reason_text = serializers.SerializerMethodField()

    class Meta:
        model = Media
        fields = [
            "id",
            "message",
            "state",
            "reason",
            "reason_text",
            "kind",
            "name",
            "mime",
            "size",
            "sha256",
            "width",
            "height",
            "url",
            "created_at",
            "stored_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_url(self, media: Media) -> str | None:
        return services.signed_url(media, public=True) if media.is_stored else None

    def get_reason_text(self, media: Media) -> str:
        return str(reason_of(media.reason).text) if media.reason else ""


class UploadSerializer(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True, max_length=1_000)


class MediaViewSet(mixins.RetrieveModelMixin, GenericViewSet):
    """Files of messages, and files that wait to be sent.

    What they are is decided by their bytes. An upload that no message names is gone after a day.
    """

    queryset = Media.objects.all()
    serializer_class = MediaSerializer

    @extend_schema(
        request={"multipart/form-data": UploadSerializer}, responses={201: MediaSerializer}
    )
    def create(self, request: Request) -> Response:
        """Hand over a file; a reply then names its ``id``."""
        body = UploadSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        file: Any = body.validated_data["file"]
        if file.size > settings.MEDIA_MAX_BYTES:
            return _refused(services.MediaRefused("too_large"))
        user = request.user if isinstance(request.user, User) else None
        try:
            media = services.store_upload(
                content=file, name=file.name or "", mime=file.content_type or "", user=user
            )
        except services.MediaRefused as refused:
            return _refused(refused)
        return Response(self.get_serializer(media).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="fetch-again")
    def fetch_again(self, request: Request, pk: str | None = None) -> Response:
        """Ask the network once more for a file that could not be had."""
        media = self.get_object()
        fetching.try_again(media=media)
        return Response(self.get_serializer(media).data)


def _refused(refused: services.MediaRefused) -> Response:
    return problem(413 if refused.code == "too_large" else 422, refused.code, str(refused.text))
