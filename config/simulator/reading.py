"""How the stand-in model "understands": by the words of the prompt, always in the same way.

Given a JSON Schema it fills in every field by the field's name. It is no language model; it is
steady and plausible, so that a pipeline around it can be measured and broken on purpose.
"""

import json
import re
from collections.abc import Callable
from typing import Any

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+?\d[\d ()-]{7,}\d")
BUDGET = re.compile(r"(?:[$€£]\s?\d[\d.,]*k?|\d[\d.,]*\s?(?:USD|EUR|euros?|dollars?|دولار))", re.I)
NAME = re.compile(r"(?:my name is|i am|i'm|me llamo|soy|اسمي)\s+([^\W\d_]+)", re.I)
COMPANY = re.compile(r"(?:we are|company is|from|empresa|شركة)\s+([A-Z][\w&-]+)")

# Field -> words -> value; the first word found decides, the last line is the default.
WORDS: dict[str, list[tuple[str, str]]] = {
    "intent": [
        ("complain refund broken angry queja reembolso roto شكوى", "complaint"),
        ("unsubscribe viagra lottery casino crypto", "spam"),
        ("order delivery tracking pedido envío طلب", "order"),
        ("price cost budget quote buy plan precio comprar presupuesto سعر شراء", "sales"),
        ("help support login problem ayuda problema مساعدة", "support"),
        ("thanks hello gracias hola شكرا مرحبا", "smalltalk"),
    ],
    "urgency": [("urgent asap today urgente hoy اليوم", "high")],
}
POSITIVE = ("great", "love", "thank", "perfect", "gracias", "genial", "شكرا", "ممتاز", "رائع")
NEGATIVE = ("angry", "broken", "refund", "terrible", "worst", "roto", "enfadad", "سيئ", "مشكلة")
SPANISH = {"el", "la", "que", "cuesta", "hola", "gracias", "para", "una", "precio", "quiero"}
CERTAIN = {"answerable", "grounded", "answered", "is_answered", "is_grounded"}
PASSAGE = re.compile(r"(?:^|\n)\s*(?:\[|<passage[^>]*id=\"?|#)\s*(\d+)\s*[\]\">:.)-]+\s*(.+)")


class Reader:
    """What the last message of a prompt says; ``everything`` is the whole prompt."""

    def __init__(self, message: str, everything: str) -> None:
        self.message = message
        self.everything = everything
        self.lower = message.lower()
        self.passages = [
            (int(number), text.strip()) for number, text in PASSAGE.findall(everything)
        ]

    @property
    def language(self) -> str:
        if re.search(r"[\u0600-\u06ff]", self.message):
            return "ar"
        words = re.findall(r"\w+", self.lower)
        return "es" if sum(word in SPANISH for word in words) >= 2 or "¿" in self.message else "en"

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

    def words(self, name: str) -> str:
        """Free text for a field of this name."""
        found = {
            "email": EMAIL,
            "phone": PHONE,
            "budget": BUDGET,
            "name": NAME,
            "company": COMPANY,
        }.get(name)
        if found:
            match = found.search(self.message)
            return (match.group(1) if match.groups() else match.group(0)) if match else ""
        if name == "language":
            return self.language
        if name in {"reply", "answer", "text", "draft", "message", "content"}:
            return self.reply()
        if name in {"summary", "reason", "rationale", "explanation", "quote", "need"}:
            return self.message[:120]
        return ""

    def reply(self) -> str:
        """A sentence from the best passage; without one, a plain acknowledgement."""
        wanted = {word for word in re.findall(r"\w+", self.lower) if len(word) > 3}
        best = max(
            self.passages,
            key=lambda passage: len(wanted & set(re.findall(r"\w+", passage[1].lower()))),
            default=None,
        )
        if best:
            return re.split(r"(?<=[.!?؟])\s", best[1])[0][:400]
        return {"es": "Gracias por su mensaje.", "ar": "شكرا لرسالتك."}.get(
            self.language, "Thank you for your message."
        )

    def number(self, name: str, schema: dict[str, Any]) -> float:
        if "sentiment" in name:
            return self.sentiment
        if "confidence" in name or "certainty" in name:
            return 0.9
        return float(schema.get("minimum", 0))


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
            "boolean": lambda schema, name: (
                name in {"answerable", "grounded", "is_answered", "answered"}
            ),
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
        if inner.get("type") == "integer" and self.reader.passages:
            return [self.reader.passages[0][0]]
        if inner.get("type") == "object":
            one = self.value(inner, name)
            return [one] if any(isinstance(value, str) and value for value in one.values()) else []
        return []


def tokens(text: str) -> int:
    """About four bytes a token, as vendors' own rules of thumb go."""
    return max(1, len(text.encode()) // 4)


def answer_text(schema: dict[str, Any] | None, message: str, everything: str) -> str:
    reader = Reader(message, everything)
    if schema is None:
        return reader.reply()
    return json.dumps(fill(schema, reader), ensure_ascii=False)
