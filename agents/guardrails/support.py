"""Whether each sentence of a reply stands on what was found, and what is left if some do not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from agents.guardrails.claims import Problem, unsupported_mentions, unsupported_quotes
from agents.guardrails.mentions import Mentions, mentions
from agents.guardrails.orders import telling_words, words_ordered
from agents.guardrails.promises import is_negated, promises, subjects
from agents.offline.letters import squeezed
from agents.schemas import Reply, Sentence

# Less alike than this, a sentence says something else than its quote.
ALIKE = 0.36
# So much of a sentence's words are an order's, where it obeys one.
OBEYED = 0.5


@dataclass(frozen=True)
class Ground:
    """What a reply may stand on: the sources by number, what else we know, what they said."""

    sources: tuple[str, ...]
    known: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()
    # How alike two texts are in meaning, 0 to 1, in whatever languages; without it words decide.
    alike: Callable[[str, str], float] | None = None

    @cached_property
    def all_known(self) -> str:
        return "\n".join((*self.sources, *self.known))

    @cached_property
    def backed(self) -> Mentions:
        return mentions(self.all_known)

    @cached_property
    def told(self) -> Mentions:
        return mentions("\n".join(self.claimed))

    @cached_property
    def ordered(self) -> frozenset[str]:
        """Words that only stand in orders which the contact gives the machine."""
        ordered = words_ordered(self.claimed)
        return ordered - telling_words(self.all_known) if ordered else ordered

    def cited(self, sentence: Sentence) -> str:
        """The source it names, "" for none."""
        number = sentence.source
        return self.sources[number - 1] if 0 < number <= len(self.sources) else ""


@dataclass(frozen=True, slots=True)
class DroppedSentence:
    """What was not said, and why."""

    text: str
    faults: tuple[Problem, ...]

    def __str__(self) -> str:
        return f"{self.text[:120]} ({', '.join(fault.code for fault in self.faults)})"


@dataclass(frozen=True, slots=True)
class Sifted:
    """A reply without the sentences that nothing supports, and why each was left out."""

    reply: Reply
    dropped: tuple[DroppedSentence, ...] = ()


def faults_of(sentence: Sentence, ground: Ground) -> list[Problem]:
    """What a sentence says that nothing we know says; empty where it may be said."""
    faults = unsupported_mentions(mentions(sentence.text), ground.backed, ground.told)
    faults += unsupported_quotes([sentence], ground.sources)
    faults += _promised(sentence, ground)
    faults += _measured_elsewhere(sentence, ground)
    faults += _obeyed(sentence, ground)
    if sentence.source and not faults:
        faults += _beside_the_quote(sentence, ground)
    return faults


def sift(reply: Reply, ground: Ground, *, needs_source: bool = True) -> Sifted:
    """Leave out what is not supported. What is left must still say something from a source, where
    that is needed; else nothing is."""
    kept, dropped = [], []
    for sentence in reply.sentences:
        faults = faults_of(sentence, ground)
        if faults:
            dropped.append(DroppedSentence(sentence.text, tuple(faults)))
        else:
            kept.append(sentence)
    if dropped and needs_source and not any(sentence.source for sentence in kept):
        kept = []
    return Sifted(reply.model_copy(update={"sentences": kept}), tuple(dropped))


def _promised(sentence: Sentence, ground: Ground) -> list[Problem]:
    """Promises must be a source's; a question back to the contact makes none."""
    if not sentence.source and sentence.text.rstrip().endswith(("?", "؟")):
        return []
    made = promises(sentence.text)
    if not made:
        return []
    cited = ground.cited(sentence)
    backed = promises("\n".join((cited, *ground.known)) if cited else ground.all_known)
    return [
        Problem("unsupported_promise", f"{words!r} is promised by no source.")
        for name, words in made.items()
        if name not in backed
    ]


def _measured_elsewhere(sentence: Sentence, ground: Ground) -> list[Problem]:
    """Its times and prices stand in another source than the one it names: they are of something
    else. What the company or the contact said of themselves may be said beside any source."""
    cited = ground.cited(sentence)
    if not cited:
        return []
    nearby = mentions("\n".join((cited, *ground.known))).quantity | ground.told.quantity
    strange = sorted((mentions(sentence.text).quantity & ground.backed.quantity) - nearby)
    return [Problem("other_source", f"{each!r} stands in another source.") for each in strange]


def _obeyed(sentence: Sentence, ground: Ground) -> list[Problem]:
    """It stands on no source, and says what somebody ordered the machine to say."""
    if sentence.source or not ground.ordered:
        return []
    words = telling_words(sentence.text)
    if len(words & ground.ordered) < max(OBEYED * len(words), 1):
        return []
    return [Problem("obeyed", "It says what somebody ordered the machine to say.")]


def _beside_the_quote(sentence: Sentence, ground: Ground) -> list[Problem]:
    """It quotes one thing and says another, or says the opposite."""
    cited = ground.cited(sentence)
    around = _sentences_of(sentence.quote, cited)
    if squeezed(sentence.text).casefold() in f"{around} {cited}".casefold() and (
        is_negated(sentence.text) == is_negated(around)
    ):
        return []  # they are the source's own words
    said, quoted = subjects(sentence.text), subjects(around)
    if said and quoted and not said & quoted:
        return [Problem("other_subject", "Its quote is about something else.")]
    # "You pay nothing" and "it is free" are no opposites.
    is_free = "free" in {*promises(sentence.text), *promises(around)}
    if not is_free and is_negated(sentence.text) != is_negated(around):
        return [Problem("opposite", "Its quote says the opposite.")]
    if ground.alike is not None and ground.alike(sentence.text, around) < ALIKE:
        return [Problem("not_in_the_quote", "Its quote does not say this.")]
    return []


def _sentences_of(quote: str, source: str) -> str:
    """The whole sentences of the source that the quote is a part of."""
    text, words = squeezed(source), squeezed(quote)
    at = text.casefold().find(words.casefold())
    if at < 0:
        return quote
    marks = (". ", "! ", "? ", "؟ ")
    start = max(text.rfind(mark, 0, at) for mark in marks)
    ends = [end for mark in marks if (end := text.find(mark, at + len(words) - 1)) >= 0]
    return text[start + 1 : min(ends) + 1 if ends else len(text)]
