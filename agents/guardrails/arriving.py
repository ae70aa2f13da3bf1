"""Sentences of an answer that is still being written, taken out of its unfinished JSON."""

import json
import re
from typing import Any

_GROUNDED = re.compile(r'"grounded"\s*:\s*(true|false)')
_SENTENCES = re.compile(r'"sentences"\s*:\s*\[')
LONGEST = 200_000  # whoever writes more is not listened to any more


class Arriving:
    """Feed it the text as it comes; it gives each object of ``sentences`` once it is whole.

    Nothing is given before the answer has said that it is grounded.
    """

    def __init__(self) -> None:
        self._text = ""
        self._at: int | None = None  # where the next object begins; None: not among them yet
        self._decoder = json.JSONDecoder()

    def feed(self, delta: str) -> list[dict[str, Any]]:
        if len(self._text) > LONGEST:
            return []
        self._text += delta
        if self._at is None:
            self._at = self._begin()
        found: list[dict[str, Any]] = []
        while self._at is not None and (one := self._next()) is not None:
            found.append(one)
        return found

    def _begin(self) -> int | None:
        grounded = _GROUNDED.search(self._text)
        sentences = _SENTENCES.search(self._text)
        if grounded is None or grounded[1] != "true" or sentences is None:
            return None
        return sentences.end()

    def _next(self) -> dict[str, Any] | None:
        """The next whole object, else None."""
        start = self._at or 0
        while start < len(self._text) and self._text[start] in " \t\r\n,":
            start += 1
        if start >= len(self._text) or self._text[start] != "{":
            return None
        try:
            one, self._at = self._decoder.raw_decode(self._text, start)
        except ValueError:
            return None  # not whole yet
        return one if isinstance(one, dict) else None
