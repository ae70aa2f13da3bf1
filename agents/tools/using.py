"""The one way a tool is used: rights, arguments, time, transaction, audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, transaction
from pydantic import ValidationError as WrongArguments

from agents.providers.base import ToolSpec
from agents.tools import TOOLS
from agents.tools.base import Occasion, Risk, Tool, ToolRefused
from tenants import context
from tenants.audit.services import record
from tenants.plugins.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; ``code`` is empty where it was done."""

    tool: str
    data: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    text: str = ""

    @property
    def is_done(self) -> bool:
        return not self.code

    def as_json(self) -> dict[str, Any]:
        return self.data if self.is_done else {"error": self.code, "detail": self.text}


@cache
def tool_named(name: str) -> Tool:
    """The tool; raises UnknownPlugin."""
    return TOOLS.get(name)()


def spec_of(name: str) -> ToolSpec:
    tool = tool_named(name)
    return ToolSpec(name, tool.description, tool.arguments)


def use(
    *, name: str, arguments: Mapping[str, Any] | None, occasion: Occasion, is_dry: bool = False
) -> Outcome:
    """Use a tool once. Whatever goes wrong with it is an outcome, for whoever asked to read.

    ``is_dry``: it is done and taken back, so that one sees what would happen.
    """
    if name not in TOOLS:
        return Outcome(name, code="unknown_tool", text=f"There is no tool {name[:60]}.")
    tool = tool_named(name)
    if not occasion.may(tool.permission):
        return Outcome(name, code="permission_denied", text="This tool is not for you.")
    try:
        given = tool.arguments.model_validate(arguments)
    except WrongArguments as error:
        return Outcome(name, code="arguments", text=_told(error))
    try:
        return Outcome(name, _run(name, tool, given, occasion, is_dry=is_dry))
    except ToolRefused as refused:
        return Outcome(name, code=refused.code, text=refused.text)
    except (ObjectDoesNotExist, ValidationError, ProviderError, DatabaseError, ValueError) as error:
        # Our own words only: a database's sentence may quote a row.
        return Outcome(name, code="failed", text=f"It could not be done ({type(error).__name__}).")


def _run(name: str, tool: Tool, given: Any, occasion: Occasion, *, is_dry: bool) -> dict[str, Any]:
    if tool.asks_outside:
        found = tool.run(given, occasion)
        _note(name, tool, occasion)
        return found
    with transaction.atomic():
        before = _patience(f"{tool.seconds * 1000:.0f}")
        found = tool.run(given, occasion)
        _patience(before)  # of whoever has us inside a transaction of theirs
        if is_dry:
            transaction.set_rollback(True)
        else:
            _note(name, tool, occasion)
        return found


def _patience(milliseconds: str) -> str:
    """How long a statement may take until the transaction ends; returns what it was."""
    with context.connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'),"
            " set_config('statement_timeout', %s, true)",
            [milliseconds],
        )
        return str(cursor.fetchone()[0])


def _note(name: str, tool: Tool, occasion: Occasion) -> None:
    """In the log: who used what, about which conversation; never with which words."""
    about = occasion.conversation
    record(
        action="tool.used",
        subject=f"conversation:{about.pk}" if about else f"tool:{name}",
        actor=occasion.actor,
        details={"tool": name, "risk": Risk(tool.risk).value},
    )


def _told(error: WrongArguments) -> str:
    wrong = [f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors()[:5]]
    return "; ".join(wrong)[:500]
