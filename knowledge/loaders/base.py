"""The socket of document loaders: bytes in, plain text with its headings out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


class Unreadable(Exception):
    """This document cannot be read; the message is one sentence for the person who uploaded it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A run of text under one heading; ``heading`` is the path to it, outermost first."""

    text: str
    heading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a loader found."""

    sections: list[Section]
    title: str = ""


class Loader(ABC):
    """Reads one kind of file. Stateless."""

    suffixes: tuple[str, ...] = ()

    @staticmethod
    @abstractmethod
    def recognises(content: bytes) -> bool:
        """Whether the bytes themselves look like this kind, whatever the file is called."""

    @staticmethod
    @abstractmethod
    def load(content: bytes) -> Loaded:
        """Read the document, or raise Unreadable."""
