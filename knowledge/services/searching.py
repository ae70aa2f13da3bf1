"""Finding the passages that answer a question.

Three ways lead to a candidate: the whole passage means something alike, one of its sentences
does, or it shares rare words with the question. Each way is an index scan (HNSW, HNSW, GIN); the
few candidates are then scored exactly by ``knowledge.ranking``.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge import ranking
from knowledge.languages import detect
from knowledge.lexical import terms
from knowledge.models import KnowledgeState
from knowledge.providers.base import DIMENSIONS
from knowledge.ranking import Candidate, Query, Ranked
from knowledge.services.embedding import current_embedder, embedded
from knowledge.services.narrowing import Only, Room, room_for
from knowledge.services.results import FoundPassage, SearchResult
from knowledge.services.vocabulary import Variants, vocabulary_of
from tenants.plugins.errors import ProviderError
from tenants.statements import Statement
from tenants.vectors import Point

logger = logging.getLogger(__name__)

Hunted = list[tuple[str, float]]  # text search queries, and what finding each is worth

LONGEST_QUESTION = 2_000
MOST_TERMS = 24
NEAR_PASSAGES, NEAR_FRAGMENTS, LEXICAL = 20, 40, 30
# A word that more passages hold is looked for only together with the question's other words.
COMMON, MOST_TOGETHER = 3_000, 4
# Two passages that share this much of their words say the same.
DUPLICATE = 0.9
# Less of the question's words than this, and a passage in another language was found by meaning.
BY_MEANING = 0.25

QUESTION = """
WITH question AS MATERIALIZED (SELECT %(vector)s::vector AS v, %(vector)s::vector::halfvec AS h),
"""
# The two numbers are written into it: a LIMIT that it does not know PostgreSQL plans anew each
# time, which took as long as the search.
EVERYWHERE = """
near AS MATERIALIZED (
    SELECT id FROM knowledge_passage WHERE embedder = %(space)s
    ORDER BY embedding <=> (SELECT v FROM question) LIMIT {near}
),
close AS MATERIALIZED (
    SELECT passage_id AS id FROM knowledge_fragment
    ORDER BY embedding <=> (SELECT h FROM question) LIMIT {close}
),
found AS MATERIALIZED (
    SELECT id FROM near UNION SELECT id FROM close
    UNION SELECT knowledge_lexical(%(queries)s::tsquery[], %(idf)s::float8[], %(lexical)s)
)
"""
NARROWED = """
found AS MATERIALIZED (
    SELECT knowledge_narrowed(
        %(documents)s::bigint[], %(without)s::bigint[], %(languages)s::text[],
        v, h, %(space)s, %(near)s, %(close)s,
        %(queries)s::tsquery[], %(idf)s::float8[], %(lexical)s
    ) AS id FROM question
)
"""
SCORED = """
SELECT p.id, p.stems, p.stem_count, p.language,
       CASE WHEN p.embedder = %(space)s THEN 1 - (p.embedding <=> q.v) ELSE 0 END,
       f.best, f.heading
FROM found JOIN knowledge_passage p USING (id) CROSS JOIN question q
LEFT JOIN LATERAL (
    SELECT max(1 - (g.embedding <=> q.h)) AS best,
           max(1 - (g.embedding <=> q.h)) FILTER (WHERE g.is_heading) AS heading
    FROM knowledge_fragment g WHERE g.passage_id = p.id AND p.embedder = %(space)s
) f ON true
"""
CANDIDATES = Statement(
    QUESTION + EVERYWHERE.format(near=NEAR_PASSAGES, close=NEAR_FRAGMENTS) + SCORED
)
CANDIDATES_BY_WORDS = Statement(QUESTION + EVERYWHERE.format(near=0, close=0) + SCORED)
CANDIDATES_IN_ROOM = Statement(QUESTION + NARROWED + SCORED)
TEXTS = Statement("""
SELECT p.id, d.id, d.title, p.document_version, p.heading, p.text, p.language
FROM knowledge_passage p JOIN knowledge_document d ON d.id = p.document_id
WHERE p.id = ANY(%s)
""")


def knowledge_version() -> str:
    """Changes whenever anything that a search may return changes."""
    return str(KnowledgeState.current().version)


def search(
    *, question: str, limit: int = 5, language: str = "", only: Only | None = None
) -> SearchResult:
    """The passages most likely to answer the question, and how sure we are that they do.

    ``language`` is the question's, where the caller knows it. ``only`` narrows where to look.
    """
    question = question.strip()[:LONGEST_QUESTION]
    state = KnowledgeState.current()
    if not question or not state.passages:
        return SearchResult([], 0.0, str(state.version))
    language = language or detect(question)
    looked = look(question, language, state, room_for(only, state))
    passages = _found(distinct(looked.ranked, limit))
    return SearchResult(passages, round(looked.sure, 4), str(state.version))


@dataclass(frozen=True, slots=True)
class Looked:
    """The passages in the running, best first, and how sure we are of the first."""

    ranked: list[Ranked]
    sure: float


@dataclass(frozen=True, slots=True)
class Imagined:
    """Passages that are not there yet, and how each would stand to a question's vector."""

    candidates: Callable[[list[float] | None], list[Candidate]]
    languages: Mapping[int, str]


def look(
    question: str,
    language: str,
    state: KnowledgeState,
    room: Room | None,
    imagined: Imagined | None = None,
) -> Looked:
    """Find and rank; ``imagined`` passages take part as if they were there."""
    query, hunted = _query(question, state, language)
    vector = _vector(question)
    candidates, languages = _candidates(hunted, vector, room)
    if imagined:
        candidates += imagined.candidates(vector)
        languages |= imagined.languages
    ranked = ranking.rank(query, candidates)
    by_meaning = _is_by_meaning(query, ranked, language, languages)
    return Looked(ranked, ranking.confidence(ranked, by_meaning=by_meaning))


def _vector(question: str) -> list[float] | None:
    """The question's point; without an embedder its words alone must do."""
    try:
        return embedded([question])[0].tolist()
    except ProviderError:
        logger.warning("searching by words alone", exc_info=True)
        return None


def _query(question: str, state: KnowledgeState, language: str) -> tuple[Query, Hunted]:
    """The question's words, what each is worth here, and what the word index is asked for."""
    wanted = terms(question, state.languages, language)
    holding = vocabulary_of(state).passages_with(wanted)
    rarest = sorted(holding, key=holding.__getitem__)[:MOST_TERMS]
    worth = [ranking.idf(state.passages, holding[variants]) for variants in rarest]
    return Query(rarest, worth, state.average_length), _hunted(rarest, worth, holding)


def _hunted(
    rarest: Sequence[Variants], worth: Sequence[float], holding: Mapping[Variants, int]
) -> Hunted:
    """Each word by itself, but for those that so many passages hold that they tell nothing.

    Without two rare words the common ones must stand together: reading all their passages would
    take longer than all the rest of the search, and leave any thirty of them.
    """
    rare = [
        (_tsquery(variants), value)
        for variants, value in zip(rarest, worth, strict=True)
        if holding[variants] <= COMMON
    ]
    common = [variants for variants in rarest if holding[variants] > COMMON][:MOST_TOGETHER]
    if common and len(rare) < 2:
        rare.append((" & ".join(f"({_tsquery(variants)})" for variants in common), min(worth)))
    return rare


def _candidates(
    hunted: Hunted, vector: list[float] | None, room: Room | None
) -> tuple[list[Candidate], dict[int, str]]:
    """Every passage in the running, and the language of each."""
    values: dict[str, Any] = {
        "vector": Point.of(vector or [1.0] + [0.0] * (DIMENSIONS - 1)),
        "space": current_embedder().space if vector else "",
        "near": NEAR_PASSAGES if vector else 0,
        "close": NEAR_FRAGMENTS if vector else 0,
        "queries": [asked for asked, _ in hunted],
        "idf": [value for _, value in hunted],
        "lexical": LEXICAL,
    }
    if room is None:
        rows = (CANDIDATES if vector else CANDIDATES_BY_WORDS).rows(values)
    else:
        where = {
            "documents": room.documents,
            "without": list(room.without),
            "languages": room.languages,
        }
        rows = CANDIDATES_IN_ROOM.rows(values | where)
    candidates = [
        Candidate(pk, stems, stem_count, whole, best or 0.0, heading or 0.0)
        for pk, stems, stem_count, _, whole, best, heading in rows
    ]
    return candidates, {row[0]: row[3] for row in rows}


def _tsquery(variants: Sequence[str]) -> str:
    """A text search query of finished stems, quoted so that no dictionary reads them again."""
    return " | ".join("'" + stem.replace("\\", "").replace("'", "''") + "'" for stem in variants)


def _is_by_meaning(
    query: Query, ranked: Sequence[Ranked], language: str, languages: dict[int, str]
) -> bool:
    """Whether words could not count: the winner is in another language, or no word was left."""
    if not query.terms or not ranked:
        return True
    spoken = languages[ranked[0].candidate.id]
    is_foreign = bool(language and spoken and language != spoken)
    return is_foreign and ranked[0].coverage < BY_MEANING


def distinct(ranked: Sequence[Ranked], limit: int) -> list[Ranked]:
    """The best, each saying something that the ones before it did not."""
    kept: list[tuple[Ranked, set[str]]] = []
    for one in ranked:
        if len(kept) >= limit:
            break
        stems = set(one.candidate.stems.split())
        if not any(_overlap(stems, other) >= DUPLICATE for _, other in kept):
            kept.append((one, stems))
    return [one for one, _ in kept]


def _overlap(one: set[str], other: set[str]) -> float:
    either = len(one | other)
    return len(one & other) / either if either else 0.0


def _found(ranked: Sequence[Ranked]) -> list[FoundPassage]:
    rows = {row[0]: row for row in TEXTS.rows([[one.candidate.id for one in ranked]])}
    found = []
    for one in ranked:
        if one.candidate.id not in rows:
            continue  # it was removed a moment ago
        pk, document_id, title, version, heading, text, language = rows[one.candidate.id]
        found.append(
            FoundPassage(
                passage_id=pk,
                document_id=document_id,
                document_title=title,
                document_version=version,
                heading=heading,
                text=text,
                language=language,
                score=round(one.score, 4),
                similarity=round(max(one.candidate.best, one.candidate.whole), 4),
            )
        )
    return found
