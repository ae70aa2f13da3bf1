"""What a step may say: the shapes a model must answer in."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FactName = Literal[
    "name",
    "email",
    "phone",
    "company",
    "industry",
    "company_size",
    "role",
    "interest",
    "budget",
    "timeline",
    "location",
]


class Intent(StrEnum):
    SALES = "sales"
    SUPPORT = "support"
    GENERAL = "general"
    SPAM = "spam"
    URGENT = "urgent"


class Shape(BaseModel):
    """Unknown keys are dropped rather than refused: models like to add a remark."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class Fact(Shape):
    """One thing the contact told us about themselves, with their own words for it."""

    name: FactName
    value: str = Field(min_length=1, max_length=300)
    quote: str = Field(min_length=1, max_length=500)


class Understanding(Shape):
    """What a contact's newest words mean. ``wants_human``: they ask for a person outright.

    ``is_closing``: they only end the exchange ("ok thanks") and expect no answer.
    """

    intent: Intent
    confidence: float = Field(ge=0, le=1)
    sentiment: float = Field(ge=-1, le=1)
    language: str = Field(pattern=r"^[a-z]{2,3}$", description="ISO 639-1 of the newest words")
    wants_human: bool = False
    is_closing: bool = False
    facts: list[Fact] = Field(default_factory=list, max_length=20)


class OwnUnderstanding(Understanding):
    """The same of a company that has intents of its own."""

    own_intent: str = Field(default="", max_length=40, description="a key of the list, or empty")


class Sentence(Shape):
    """One sentence of a reply; ``source`` is the number of the source it stands on, 0 for none."""

    text: str = Field(min_length=1, max_length=2000)
    source: int = Field(default=0, ge=0)
    quote: str = Field(default="", max_length=2000, description="words copied from that source")


class Reply(Shape):
    """A drafted answer. ``grounded`` is False where the sources do not hold the answer."""

    grounded: bool
    sentences: list[Sentence] = Field(default_factory=list, max_length=20)

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences).strip()
