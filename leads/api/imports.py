"""Files of leads, for programs: looked at first, then taken line by line by a worker."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from leads import tables
from leads.models import LeadImport
from leads.services import importing
from leads.services.importing import SAID, ImportRefused
from tenants.api.exceptions import problem

CONFLICT = OpenApiResponse(description="Begun or put away already, or another file runs.")
BROKEN = OpenApiResponse(description="No table that leads can be read from; `code` says why.")


class FaultSerializer(serializers.Serializer):
    """What is wrong with a line; ``line`` is counted as spreadsheets do, the header is 1."""

    line = serializers.IntegerField()
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField(help_text=f"One of {', '.join(SAID)}.")


class SampleSerializer(serializers.Serializer):
    line = serializers.IntegerField(source="number")
    values = serializers.DictField(child=serializers.CharField())


class LookedSerializer(serializers.Serializer):
    """What would come of it, before anything is written."""

    good = serializers.IntegerField()
    bad = serializers.IntegerField()
    sample = SampleSerializer(many=True)


class LeadImportSerializer(serializers.ModelSerializer):
    header = serializers.ListField(child=serializers.CharField(), read_only=True)
    mapping = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="A field for each column, or ''."
    )

    class Meta:
        model = LeadImport
        fields = [
            *("id", "file_name", "state", "header", "mapping", "rows", "dealt_with"),
            *("made", "changed", "unchanged", "refused", "actor", "created_at"),
        ]
        read_only_fields = fields


class LeadImportDetailSerializer(LeadImportSerializer):
    """A file with what is wrong in it: while it is a draft, what would be; then, what was."""

    looked = serializers.SerializerMethodField(help_text="Of a draft only.")
    faults = serializers.SerializerMethodField(help_text=f"The first {importing.MOST_FAULTS}.")

    class Meta(LeadImportSerializer.Meta):
        fields = [*LeadImportSerializer.Meta.fields, "looked", "faults"]
        read_only_fields = fields

    @extend_schema_field(LookedSerializer(allow_null=True))
    def get_looked(self, order: LeadImport) -> Any:
        looked = self._looked(order)
        return LookedSerializer(looked).data if looked else None

    @extend_schema_field(FaultSerializer(many=True))
    def get_faults(self, order: LeadImport) -> Any:
        looked = self._looked(order)
        names = ("line", "field", "code")
        rows = looked.faults if looked else order.faults
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _looked(self, order: LeadImport) -> importing.Looked | None:
        if order.state != LeadImport.State.DRAFT:
            return None
        if order.pk not in self._read:  # once for both fields
            self._read[order.pk] = importing.look(order)
        return self._read[order.pk]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read: dict[int, importing.Looked] = {}


class LeadFileSerializer(serializers.Serializer):
    """A CSV file (multipart) or its text (JSON), never both."""

    file = serializers.FileField(required=False, help_text="Multipart only.")
    text = serializers.CharField(
        required=False, trim_whitespace=False, max_length=tables.MOST_BYTES
    )
    file_name = serializers.CharField(max_length=120, default="leads.csv")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("file" in attrs) == ("text" in attrs):
            raise serializers.ValidationError("Send either a file or a text.", code="required")
        return attrs


class MapSerializer(serializers.Serializer):
    mapping = serializers.ListField(
        child=serializers.ChoiceField(choices=[tables.SKIP, *tables.FIELDS, *tables.OWN]),
        max_length=tables.MOST_COLUMNS,
        help_text="A field for each column in its order; empty leaves the column out.",
    )


class LeadImportViewSet(ReadOnlyModelViewSet):
    """Files of leads, newest first. What is in them is forgotten when they are through."""

    queryset = LeadImport.objects.all()
    serializer_class = LeadImportSerializer
    filterset_fields = {"state": ["exact"]}
    guarded = ("map", "start", "discard")

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.defer("content") if self.action == "list" else rows

    def get_serializer_class(self) -> type[serializers.Serializer]:
        return LeadImportSerializer if self.action == "list" else LeadImportDetailSerializer

    @extend_schema(
        request=LeadFileSerializer, responses={201: LeadImportDetailSerializer, 422: BROKEN}
    )
    def create(self, request: Request) -> Response:
        """Bring a file; its columns are guessed, and nothing is written yet."""
        body = LeadFileSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given, by = body.validated_data, self._by
        file = given.get("file")
        try:
            if file is not None and file.size > tables.MOST_BYTES:
                raise ImportRefused("too_big")
            made = importing.upload(
                file_name=file.name if file else given["file_name"],
                content=file.read() if file else given["text"].encode(),
                actor=by.actor,
            )
        except ImportRefused as refused:
            return problem(422, refused.code, SAID[refused.code])
        return Response(LeadImportDetailSerializer(made).data, status=201)

    @extend_schema(
        request=MapSerializer, responses={200: LeadImportDetailSerializer, 409: CONFLICT}
    )
    @action(detail=True, methods=["post"])
    def map(self, request: Request, pk: str | None = None) -> Response:
        """Read the columns otherwise."""
        body = MapSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._done(importing.remap, **body.validated_data)

    @extend_schema(request=None, responses={200: LeadImportDetailSerializer, 409: CONFLICT})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str | None = None) -> Response:
        """Take its lines; a worker does, and the file's own numbers say how far it is."""
        return self._done(importing.start, actor=self._by.actor)

    @extend_schema(request=None, responses={200: LeadImportDetailSerializer, 409: CONFLICT})
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str | None = None) -> Response:
        """Put a file away unread."""
        return self._done(importing.discard, actor=self._by.actor)

    @property
    def _by(self) -> Any:
        return self.request.user

    def _done(self, deed: Any, **given: Any) -> Response:
        order = self.get_object()
        try:
            deed(order=order, **given)
        except ImportRefused as refused:
            return problem(409, refused.code, SAID[refused.code])
        except LeadImport.DoesNotExist:
            return problem(409, "not_a_draft", "It was started or put away already.")
        return Response(LeadImportDetailSerializer(self.get_object()).data)
