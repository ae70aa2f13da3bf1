"""Write the lists behind ``agents.offline.lists``: given names, family names and places.

    python -m agents.offline.training.names POOL.jsonl.gz

From the package Faker (MIT), which holds names as they are used in some sixty countries, and our
own in Arabic letters (``arabic_names.txt``), of which those that are ``sure`` stand alone. A name
that is also an everyday word ("will", "grace", "امل") is left out of the lists that stand alone:
everyday words are those of the permitted pools and of our own sentences, written small.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from faker.config import AVAILABLE_LOCALES

from agents.offline.letters import folded
from agents.offline.lists import WEIGHTS
from agents.offline.training.rows import HERE, own_rows, public_rows
from knowledge.stop_words import STOP_WORDS

GIVEN = ("first_names", "first_names_male", "first_names_female", "first_names_unisex")
FAMILY = ("last_names", "last_names_male", "last_names_female")
PLACES = ("cities", "city_names", "countries", "states", "provinces", "regions", "departments")
_NAME = re.compile(r"[A-ZÀ-ÞĀ-Ž][\w'’-]+|[\u0621-\u064a]{3,}")
_PLACE = re.compile(r"[A-ZÀ-ÞĀ-Ž][\w'’. -]{2,30}|[\u0621-\u064a ]{3,30}")
EVERYDAY = 2  # times that a word is met written small


def words_of(topic: str, attributes: Iterable[str]) -> Iterator[str]:
    for locale in sorted(AVAILABLE_LOCALES):
        try:
            provider: Any = import_module(f"faker.providers.{topic}.{locale}").Provider
        except ModuleNotFoundError:
            continue  # no such list for the country
        for attribute in attributes:
            entries = getattr(provider, attribute, ())
            if isinstance(entries, property):
                continue  # put together from the other lists
            for entry in entries:
                yield " ".join(entry) if isinstance(entry, tuple) else str(entry)


def everyday(pool: str) -> set[str]:
    rows = [*own_rows("examples.txt"), *own_rows("feelings.txt"), *public_rows(pool)]
    written = Counter(
        word
        for row in rows
        for word in re.findall(r"\b[a-zà-ž]{2,}\b|[\u0621-\u064a]{2,}", row.text)
    )
    common = {folded(word) for word, times in written.items() if times >= EVERYDAY}
    return common | {folded(word) for words in STOP_WORDS.values() for word in words}


def arabic() -> dict[str, set[str]]:
    """Our own names in Arabic letters, by the head of their block."""
    blocks: dict[str, set[str]] = {}
    for line in (HERE / "arabic_names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            block = blocks.setdefault(line.strip("[]"), set())
        elif line and not line.startswith("#"):
            block |= {folded(name) for name in line.split()}
    return blocks


def main(pool: str) -> None:
    ours = arabic()
    sure = (ours["sure"] | ours["foreign"]) - ours["words"]
    common = everyday(pool) | ours["words"]
    given = {folded(n) for n in words_of("person", GIVEN) if _NAME.fullmatch(n)}
    family = {folded(n) for n in words_of("person", FAMILY) if _NAME.fullmatch(n)}
    places = {folded(n) for n in words_of("address", PLACES) if _PLACE.fullmatch(n)}
    given |= ours["sure"]
    family |= ours["family"] | ours["foreign"]
    lists = {
        "given": given - common,
        "family": family - common - given,
        "doubtful": (given | family) & common,
        "sure": sure,
        "places": places - common - given - family,
    }
    stored: dict[str, Any] = {
        name: np.array("\n".join(sorted(each))) for name, each in lists.items()
    }
    np.savez_compressed(WEIGHTS, **stored)
    sys.stdout.write(json.dumps({name: len(each) for name, each in lists.items()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
