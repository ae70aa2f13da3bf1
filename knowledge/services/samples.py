"""The sample data's documents: found by whoever tries things out, never for a customer."""

from knowledge.models import Document, KnowledgeState
from knowledge.services.documents import add_document, remove_document
from tenants.samples.parts import Part, register
from tenants.samples.story import DOCUMENTS, Paper

BY_KEY = {paper.key: paper for paper in DOCUMENTS}


def source_of(paper: Paper) -> str:
    return f"leadwire-samples/{paper.key}.md"


def sample_document(paper: Paper) -> Document | None:
    return Document.objects.filter(is_sample=True, source_name=source_of(paper)).first()


@register
class Documents(Part):
    order = 20

    def units(self) -> list[str]:
        return list(BY_KEY)

    def load(self, unit: str) -> None:
        paper = BY_KEY[unit]
        # Before the first of them can be found: a search that begins now knows of them.
        state = KnowledgeState.locked()
        if not state.has_samples:
            state.has_samples = True
            state.version += 1
            state.save()
        document = add_document(
            title=paper.title, source_name=source_of(paper), content=paper.text.encode(), kind="md"
        )
        Document.objects.filter(pk=document.pk).update(is_sample=True)

    def remove(self) -> None:
        for document in Document.objects.filter(is_sample=True):
            remove_document(document=document)
        KnowledgeState.objects.filter(has_samples=True).update(has_samples=False)
