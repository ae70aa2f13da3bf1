"""How the stand-in model "understands": by the words of the prompt, always in the same way.

Given a JSON Schema it fills in every field by the field's name. It is no language model; it is
steady and plausible, so that a pipeline around it can be measured and broken on purpose.
"""

import json
import re
from collections.abc import Callable
from typing import Any

FACTS = {
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "phone": re.compile(r"\+?\d[\d ()-]{7,}\d"),
    "budget": re.compile(r"[$€£]\s?\d[\d.,]*k?|\d[\d.,]*\s?(?:USD|EUR|euros?|dollars?|دولار|يورو)"),
    "name": re.compile(r"(?:[Mm]y name is|[Mm]e llamo|اسمي)\s+([^\W\d_]+)"),
    "company": re.compile(r"(?:[Ww]e are from|[Ee]mpresa|شركة)\s+([\w&-]+)"),
    "interest": re.compile(r"[^.!?؟]*\b(?:bikes?|bicicletas?|need|quiero|price|cuesta)\b[^.!?؟]*"),
}
# Field -> (words, part of the allowed value): the first line with a word of the message decides.
WORDS: dict[str, list[tuple[str, str]]] = {
    "intent": [
        ("unsubscribe viagra lottery casino crypto", "spam"),
        ("stolen fraud accident robado سرق", "urgent"),
        (
            "complain refund broken angry problem queja reembolso roto problema شكوى مشكلة",
            "support",
        ),
        ("price cost much budget quote buy precio cuesta comprar presupuesto سعر شراء", "sales"),
        ("help support login ayuda مساعدة", "support"),
        ("thanks hello gracias hola شكرا مرحبا", "general"),
    ],
}
POSITIVE = ("great", "love", "thank", "perfect", "gracias", "genial", "شكرا", "ممتاز", "رائع")
NEGATIVE = ("angry", "broken", "refund", "terrible", "worst", "roto", "enfadad", "سيئ", "مشكلة")
SPANISH = {"el", "la", "que", "cuesta", "hola", "gracias", "para", "una", "precio", "quiero"}
CERTAIN = {"answerable", "answered", "is_answered"}
ARABIC = re.compile(r"[\u0600-\u06ff]")
SENTENCE = re.compile(r"(?<=[.!?؟])\s+|\n+")
# <source number="1" …>text</source>, or [1] text
TAGGED = re.compile(r"<(\w+)\b[^>]*?\b(?:number|id|index)=\"?(\d+)\"?[^>]*>(.*?)</\1>", re.S)
BRACKETED = re.compile(r"(?m)^\s*\[(\d+)\]\s*(.+)$")
SAID = re.compile(r"<(contact|user|message|question)\b[^>]*>(.*?)</\1>", re.S)
NEWEST = re.compile(r"-+\s*newest\s*-+\s*(.*?)(?:</|\Z)", re.S | re.I)


class Reader:
    """What the last message of a prompt says; ``everything`` is the whole prompt."""

    def __init__(self, message: str, everything: str) -> None:
        self.message = _said(message)
        self.lower = self.message.lower()
        tagged = [(number, text) for _, number, text in TAGGED.findall(everything)]
        found = tagged or BRACKETED.findall(everything)
        self.passages = [(int(number), text.strip()) for number, text in found]

    @property
    def language(self) -> str:
        if ARABIC.search(self.message):
            return "ar"
        words = set(re.findall(r"\w+", self.lower))
        return "es" if len(words & SPANISH) >= 2 or "¿" in self.message else "en"

    @property
    def sentiment(self) -> float:
        good = sum(word in self.lower for word in POSITIVE)
        bad = sum(word in self.lower for word in NEGATIVE)
        return 0.0 if good == bad else (0.7 if good > bad else -0.7)

    def choice(self, name: str, options: list[Any]) -> Any:
        """The allowed value that fits best, by name, else the first."""
        if name == "language" and self.language in options:
            return self.language
        mood = {0.0: "neutral", 0.7: "positive", -0.7: "negative"}[self.sentiment]
        if "sentiment" in name and mood in options:
            return mood
        wanted = [
            value
            for words, value in WORDS.get(name, [])
            if any(word in self.lower for word in words.split())
        ]
        return next(
            (option for value in wanted for option in options if value in str(option)), options[0]
        )

    def fact(self, name: str) -> str:
        match = FACTS[name].search(self.message) if name in FACTS else None
        if match is None:
            return ""
        return (match.group(1) if match.groups() else match.group(0)).strip()

    def words(self, name: str) -> str:
        """Free text for a field of this name."""
        if name in FACTS:
            return self.fact(name)
        if name == "language":
            return self.language
        if name in {"reply", "answer", "text", "draft", "message", "content"}:
            return self.reply()
        if name in {"summary", "reason", "rationale", "explanation", "quote", "need"}:
            return self.message[:120]
        return ""

    def best(self) -> tuple[int, str]:
        """The number and the sentence of the passage that shares most words with the message."""
        wanted = {word[:5] for word in re.findall(r"\w{4,}", self.lower)}
        sentences = [
            (len(wanted & {word[:5] for word in re.findall(r"\w{4,}", one.lower())}), number, one)
            for number, text in self.passages
            for one in (part.strip() for part in SENTENCE.split(text))
            if 10 <= len(one) <= 400 and not one.startswith("#")
        ]
        shared, number, sentence = max(sentences, key=lambda one: one[0], default=(0, 0, ""))
        return (number, sentence) if shared else (0, "")

    def reply(self) -> str:
        """A sentence from the best passage; without one, a plain acknowledgement."""
        thanks = {"es": "Gracias por su mensaje.", "ar": "شكرا لرسالتك."}
        return self.best()[1] or thanks.get(self.language, "Thank you for your message.")

    def number(self, name: str, schema: dict[str, Any]) -> float:
        if "sentiment" in name:
            return self.sentiment
        if "confidence" in name or "certainty" in name:
            return 0.9
        return float(schema.get("minimum", 0))

    def flag(self, name: str) -> bool:
        return name in CERTAIN or ("grounded" in name and self.best()[0] > 0)


def fill(schema: dict[str, Any], reader: Reader) -> Any:
    """An instance of a JSON Schema, read out of the prompt."""
    return _Filler(schema, reader).value(schema, "")


class _Filler:
    def __init__(self, root: dict[str, Any], reader: Reader) -> None:
        self.root = root
        self.reader = reader

    def value(self, schema: dict[str, Any], name: str) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.reader.choice(name, schema["enum"])
        kind = schema.get("type", "")
        makers: dict[str, Callable[[dict[str, Any], str], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": lambda schema, name: self.reader.words(name),
            "number": lambda schema, name: self.reader.number(name, schema),
            "integer": lambda schema, name: int(self.reader.number(name, schema)),
            "boolean": lambda schema, name: self.reader.flag(name),
        }
        return makers[kind](schema, name) if kind in makers else None

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                schema = self.root.get("$defs", {})[schema["$ref"].rsplit("/", 1)[1]]
            elif choices := (schema.get("anyOf") or schema.get("allOf")):
                schema = next((one for one in choices if one.get("type") != "null"), choices[0])
            else:
                return schema

    def _object(self, schema: dict[str, Any], name: str) -> dict[str, Any]:
        return {
            field: self.value(inner, field) for field, inner in schema.get("properties", {}).items()
        }

    def _array(self, schema: dict[str, Any], name: str) -> list[Any]:
        inner = self._resolved(schema.get("items", {}))
        fields = inner.get("properties", {})
        number, sentence = self.reader.best()
        if {"name", "value"} <= set(fields):
            return self._facts(inner)
        if {"text", "source"} <= set(fields):
            one = {**self._object(inner, name), "text": sentence, "source": number}
            return [{**one, "quote": sentence}] if number else []
        if inner.get("type") == "integer":
            return [number] if number else []
        return []

    def _facts(self, inner: dict[str, Any]) -> list[dict[str, Any]]:
        """One entry for each fact found, in the contact's own words."""
        allowed = self._resolved(inner["properties"]["name"]).get("enum") or list(FACTS)
        found = [(name, self.reader.fact(name)) for name in FACTS if name in allowed]
        empty = self._object(inner, "")
        return [
            {**empty, "name": name, "value": value, "quote": value}
            for name, value in found
            if value
        ]


def _said(message: str) -> str:
    """The person's newest words, where the prompt sets them apart."""
    if newest := NEWEST.search(message):
        return re.sub(r"(?m)^\s*\w+:\s", "", newest.group(1)).strip()
    if said := SAID.findall(message):
        return str(said[-1][1]).strip()
    return message


def tokens(text: str) -> int:
    """About four bytes a token, as vendors' own rules of thumb go."""
    return max(1, len(text.encode()) // 4)


def answer_text(schema: dict[str, Any] | None, message: str, everything: str) -> str:
    reader = Reader(message, everything)
    if schema is None:
        return reader.reply()
    return json.dumps(fill(schema, reader), ensure_ascii=False)
