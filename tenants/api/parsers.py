from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from tenants.plugins.errors import legible


class ShallowJSONParser(JSONParser):
    """JSON of any temper: what is nested beyond reason is the caller's fault, not ours; so are
    names that no database takes, where a field takes any. Values are judged by their fields."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            said = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON nested too deeply.") from error
        if any(name != legible(name) for name in _names(said)):
            raise ParseError("JSON with a name that is no text.")
        return said


def _names(said: Any) -> Iterator[str]:
    """The names in objects, at any depth."""
    left = [said]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            yield from each
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
