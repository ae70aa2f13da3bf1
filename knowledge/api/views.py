"""Documents and search over the API. A document is searchable once its status is ``ready``."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from knowledge import services
from knowledge.api.serializers import (
    ChangedDocumentSerializer,
    DocumentSerializer,
    NewDocumentSerializer,
    PassageSerializer,
    SearchResultSerializer,
    SearchSerializer,
)
from knowledge.models import Document, Passage

NARROWS = ("kinds", "tags", "products", "languages", "on")


class DocumentViewSet(mixins.DestroyModelMixin, ReadOnlyModelViewSet):
    """What the company has told us; indexing follows in the background."""

    queryset = Document.objects.all()
    serializer_class = DocumentSerializer
    filterset_fields = {
        "status": ["exact"],
        "kind": ["exact"],
        "language": ["exact"],
        "product": ["exact"],
    }

    @extend_schema(
        request=NewDocumentSerializer, responses={200: DocumentSerializer, 201: DocumentSerializer}
    )
    def create(self, request: Request) -> Response:
        """Add a document: a file as multipart, or a text as JSON.

        200 means that nothing was added: the document in the answer says exactly this already.
        """
        body = NewDocumentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        content = body.content
        same = services.find_same(source_name=body.named, content=content)
        if same and same.status != Document.Status.FAILED:
            return Response(DocumentSerializer(same).data)
        document = services.add_document(
            title=body.validated_data.get("title", ""),
            source_name=body.named,
            content=content,
            kind=body.validated_data.get("kind", ""),
            actor=_actor(request),
        )
        return Response(DocumentSerializer(document).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangedDocumentSerializer, responses=DocumentSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Rename it, give it new content, say where it counts; what did not change keeps its id."""
        document = self.get_object()
        body = ChangedDocumentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if title := body.validated_data.get("title"):
            document = services.rename_document(
                document=document, title=title, actor=_actor(request)
            )
        if facets := body.facets:
            document = services.describe_document(
                document=document, **facets, actor=_actor(request)
            )
        if (content := body.content) is not None:
            document = services.replace_content(
                document=document, content=content, actor=_actor(request)
            )
        return Response(DocumentSerializer(document).data)

    def perform_destroy(self, instance: Document) -> None:
        services.remove_document(document=instance, actor=_actor(self.request))

    @extend_schema(request=None, responses=DocumentSerializer)
    @action(detail=True, methods=["post"])
    def reindex(self, request: Request, pk: str | None = None) -> Response:
        """Read the stored content again."""
        document = services.reindex_document(document=self.get_object(), actor=_actor(request))
        return Response(DocumentSerializer(document).data)


class PassageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """The pieces that answers cite; ``?document=`` lists one document's."""

    queryset = Passage.objects.defer("embedding", "stems")
    serializer_class = PassageSerializer
    filterset_fields = {"document": ["exact"], "language": ["exact"]}


class SearchView(APIView):
    """Ask the knowledge, without a model: what an answer would be made from."""

    permission = "knowledge.view_passage"

    @extend_schema(request=SearchSerializer, responses=SearchResultSerializer)
    def post(self, request: Request) -> Response:
        """The passages most likely to hold the answer, best first, and how sure we are."""
        body = SearchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        narrowed = {name: asked.pop(name) for name in NARROWS if name in asked}
        found = services.search(**asked, only=services.Only(**narrowed))
        return Response(
            SearchResultSerializer(
                {
                    "passages": found.passages,
                    "confidence": found.confidence,
                    "grounded": found.is_grounded(services.THRESHOLD),
                    "threshold": services.THRESHOLD,
                    "knowledge_version": found.knowledge_version,
                }
            ).data
        )


def _actor(request: Request) -> str:
    by: Any = request.user
    return str(by.actor)
