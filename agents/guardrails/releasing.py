"""Letting the AI answer by itself on some channels and topics and not on others: rows of the table.

What a company wrote into its table stays. Where it is to be held back, rows that only draft are
laid over it; where it is released, those rows are taken away again.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import product

from agents.guardrails.autonomy import ANY, DEFAULT, Act, Matrix, Place, Row, rule
from agents.guardrails.risk import Risk

BY_ITSELF = (Act.SEND, Act.DELAY)


def holding(channel: str, topic: str) -> Row:
    """Nothing leaves there without a person's word."""
    return Row(channel, topic, Act.DRAFT, Act.DRAFT, Act.DRAFT)


def releasing(channel: str, topic: str) -> Row:
    """Where the company's own rows say nothing else: what can be undone leaves."""
    return Row(channel, topic, Act.DELAY, Act.DRAFT, Act.DRAFT)


def answers(matrix: Matrix, channel: str, topic: str) -> bool:
    """Whether an ordinary question about the topic is answered there without a person."""
    place = Place(platform=channel, is_public=False)
    return rule(matrix, place=place, intents=(topic,), risk=Risk()).act in BY_ITSELF


def answered_topics(matrix: Matrix, channel: str, topics: Iterable[str]) -> list[str]:
    return [topic for topic in topics if answers(matrix, channel, topic)]


def released(
    matrix: Matrix,
    *,
    channels: Sequence[str],
    topics: Sequence[str],
    free_channels: Collection[str],
    free_topics: Collection[str],
) -> tuple[Row, ...]:
    """The table by which the free ones are answered and the others are not.

    ``channels`` and ``topics`` are all there are; about anything else nothing changes.
    """
    rows = {
        (row.channel, row.intent): row
        for row in matrix.rows
        if not _is_ours(row, channels=channels, topics=topics)
    } or {(row.channel, row.intent): row for row in DEFAULT.rows}
    held = [(channel, ANY) for channel in channels if channel not in free_channels]
    held += [(ANY, topic) for topic in topics if topic not in free_topics]
    rows.update({key: holding(*key) for key in held})
    # A row of the company's own may name more than these do, and decide otherwise.
    for channel, topic in product(channels, topics):
        is_free = channel in free_channels and topic in free_topics
        if answers(Matrix(tuple(rows.values())), channel, topic) != is_free:
            lay = releasing if is_free else holding
            rows[channel, topic] = lay(channel, topic)
    return tuple(rows.values())


def _is_ours(row: Row, *, channels: Collection[str], topics: Collection[str]) -> bool:
    """A row that only holds back, on one channel or about one topic."""
    if row != holding(row.channel, row.intent):
        return False
    return (row.channel in channels and row.intent in {ANY, *topics}) or (
        row.channel == ANY and row.intent in topics
    )
