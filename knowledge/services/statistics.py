"""The totals BM25 asks for, kept in step with the passages.

Every change runs under the state row's lock, so that counts never drift and versions never repeat.
"""

from collections import Counter
from collections.abc import Iterable

from knowledge.models import KnowledgeState, Passage, Term
from tenants import context

ADD = """
INSERT INTO knowledge_term (stem, passages)
SELECT * FROM unnest(%s::text[], %s::int[])
ON CONFLICT (stem) DO UPDATE SET passages = knowledge_term.passages + EXCLUDED.passages
"""
TAKE = """
UPDATE knowledge_term AS term SET passages = greatest(term.passages - gone.passages, 0)
FROM unnest(%s::text[], %s::int[]) AS gone (stem, passages) WHERE term.stem = gone.stem
"""


def record_change(
    state: KnowledgeState, *, added: Iterable[Passage] = (), gone: Iterable[Passage] = ()
) -> None:
    """Count passages in and out, and give the knowledge its next version."""
    terms: Counter[str] = Counter()
    languages: Counter[str] = Counter(state.languages)
    for sign, passages in ((1, added), (-1, gone)):
        for passage in passages:
            for stem in set(passage.stems.split()):
                terms[stem] += sign
            languages[passage.language] += sign
            state.passages += sign
            state.stems += sign * passage.stem_count
    _count({stem: count for stem, count in terms.items() if count > 0}, ADD)
    fewer = {stem: -count for stem, count in terms.items() if count < 0}
    _count(fewer, TAKE)
    Term.objects.filter(stem__in=fewer, passages=0).delete()
    state.languages = {language: count for language, count in languages.items() if count > 0}
    state.version += 1
    state.save()


def _count(changes: dict[str, int], statement: str) -> None:
    if changes:
        with context.connection.cursor() as cursor:
            cursor.execute(statement, [list(changes), list(changes.values())])
