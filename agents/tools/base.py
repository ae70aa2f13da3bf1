"""The socket every tool fits: what it is called, what it takes, and how much harm it may do.

To add a tool: write ``agents/tools/<name>.py`` with one subclass of ``Tool`` and register it in
``agents/tools/__init__.py``. A tool asks nobody whether it may: ``using.use`` has asked. It runs
once, inside a transaction where it writes, and tells what it found as JSON.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from channels_app.models import Conversation, Message
from knowledge.services import FoundPassage


class Risk(StrEnum):
    """What is there to lose: nothing; our own records; something said to somebody outside."""

    READ = "read"
    WRITE = "write"
    OUTWARD = "outward"


class Arguments(BaseModel):
    """What a tool takes. Unknown names are refused: a program should learn of its mistake."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ToolRefused(Exception):
    """The tool will not do this; the sentence is for whoever asked, a model or a program."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(slots=True)
class Occasion:
    """Who uses a tool, what they may, and the conversation it is about, where there is one.

    What tools find on the way is kept here for whoever asked for them: passages that an answer
    may stand on, and the reason why a person should take over.
    """

    actor: str
    may: Callable[[str], bool]
    conversation: Conversation | None = None
    language: str = ""
    known: int = 0  # passages that had a number before
    passages: list[FoundPassage] = field(default_factory=list)
    handed_over: str = ""

    @property
    def here(self) -> Conversation:
        """The conversation; raises ToolRefused where the tool needs one and there is none."""
        if self.conversation is None:
            raise ToolRefused("conversation", "Name a conversation.")
        return self.conversation

    def said(self) -> list[Message]:
        """The contact's own messages, the newest last."""
        newest = self.here.messages.filter(
            direction=Message.Direction.IN, deleted_at=None
        ).order_by("-pk")[:40]
        return list(reversed(newest))


A = TypeVar("A", bound=Arguments)


class Tool(ABC, Generic[A]):
    """One thing that can be done. Instances are shared and know nothing of who uses them."""

    description: ClassVar[str]
    risk: ClassVar[Risk] = Risk.READ
    permission: ClassVar[str]  # as the tables of roles and scopes name it
    arguments: type[A]
    seconds: ClassVar[float] = 5.0
    needs_conversation: ClassVar[bool] = False
    in_replies: ClassVar[bool] = False  # whether the AI may use it while it answers a contact
    asks_outside: ClassVar[bool] = False  # it may call a vendor, so no transaction is held

    @abstractmethod
    def run(self, given: A, occasion: Occasion) -> dict[str, Any]:
        """Do it once; raises ToolRefused."""
