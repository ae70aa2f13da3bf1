"""What the words of questions are worth in a company's passages, looked up once a process.

People ask for the same things in the same words. How many passages hold a stem changes with the
knowledge alone, so it is remembered for one version of it; with the next, everything is new.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from threading import Lock

from django.db.models import Q

from knowledge.models import KnowledgeState, Term
from tenants import context

# A word that no passage holds is read as one spelt alike: same first letters, little difference.
SAME_BEGINNING = 3
SHORTEST_GUESS = 5
ALIKE = 0.8
MOST_NEIGHBOURS = 500

COMPANIES = 64
MOST_WORDS = 20_000  # of one company; about two megabytes

Variants = tuple[str, ...]  # the stems of one word in the languages of the knowledge


class Vocabulary:
    """The stems of one version of one company's knowledge, as far as anybody asked for them.

    Threads share it: what is forgotten while another reads is looked up again.
    """

    def __init__(self) -> None:
        self._holding: dict[str, int] = {}
        self._alike: dict[Variants, Variants] = {}

    def passages_with(self, wanted: Sequence[Variants]) -> dict[Variants, int]:
        """How many passages hold each word, in the form of it that most of them have.

        A word that none of them holds may be misspelt: it is read as one that some do.
        """
        holding = self._look_up(wanted)
        strange = [one for one in wanted if not _most(holding, one)]
        alike = self._guess(strange)
        holding |= self._look_up(alike.values())
        return {near: _most(holding, near) for near in (alike.get(one, one) for one in wanted)}

    def _look_up(self, wanted: Iterable[Variants]) -> dict[str, int]:
        stems = {stem for variants in wanted for stem in variants}
        found = {stem: self._holding[stem] for stem in stems if stem in self._holding}
        if new := stems - found.keys():
            found |= dict.fromkeys(new, 0)
            found |= dict(Term.objects.filter(stem__in=new).values_list("stem", "passages"))
            if len(self._holding) > MOST_WORDS:
                self._holding = {}
            self._holding.update(found)
        return found

    def _guess(self, strange: Sequence[Variants]) -> dict[Variants, Variants]:
        alike = {one: self._alike[one] for one in strange if one in self._alike}
        if new := [one for one in strange if one not in alike]:
            alike |= dict(zip(new, new, strict=True)) | _alike(new)
            if len(self._alike) > MOST_WORDS:
                self._alike = {}
            self._alike.update(alike)
        return alike


def _most(holding: Mapping[str, int], variants: Variants) -> int:
    return max(holding.get(stem, 0) for stem in variants)


def vocabulary_of(state: KnowledgeState) -> Vocabulary:
    """The current company's words, for this very state of its knowledge."""
    with _lock:
        return _vocabulary(context.schema(), state.version, str(state.updated_at))


_lock = Lock()


@lru_cache(maxsize=COMPANIES)
def _vocabulary(schema: str, version: int, updated_at: str) -> Vocabulary:
    return Vocabulary()


def _alike(unknown: Sequence[Variants]) -> dict[Variants, Variants]:
    """Known stems spelt like the unknown ones: slips of the keyboard, endings a stemmer misses."""
    beginnings = {stem[:SAME_BEGINNING] for variants in unknown for stem in variants}
    is_close = Q()
    for beginning in beginnings:
        is_close |= Q(stem__startswith=beginning)
    known = Term.objects.filter(is_close).values_list("stem", flat=True)[:MOST_NEIGHBOURS]
    found = {}
    for variants in unknown:
        near = {
            stem
            for variant in variants
            if len(variant) >= SHORTEST_GUESS
            for stem in get_close_matches(variant, known, n=1, cutoff=ALIKE)
        }
        if near:
            found[variants] = tuple(sorted(near))
    return found
