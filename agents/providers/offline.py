"""The engine that needs no network and no key, and so ends every chain.

It reads the question's material, not its prose: there is nothing in it for a hostile message to
talk to.
"""

import json
from typing import Any

from agents.offline.alignment import words_by
from agents.offline.answers import Extract, Passage, extract_answer
from agents.offline.reading import read
from agents.offline.sentiment import sentiment_of
from agents.offline.summary import summarise
from agents.offline.talk import small_talk
from agents.providers.base import Account, Answer, LlmProvider, Material, Question
from tenants.plugins.errors import Rejected


class Offline(LlmProvider):
    models = {
        "understand": "engine",
        "draft": "engine",
        "reply": "engine",
        "chat": "engine",
        "summarise": "engine",
    }
    is_remote = False
    needs_key = False

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        if account.embed is None:
            raise ValueError("The offline engine needs an embedder.")
        self._embed = account.embed

    def answer(self, question: Question, *, model: str, timeout: float) -> Answer:
        if question.task == "understand":
            return Answer(json.dumps(self._understand(question.material), ensure_ascii=False))
        if question.task in {"reply", "chat"}:
            return Answer(json.dumps(self._reply(question.material), ensure_ascii=False))
        if question.task == "summarise":
            short = summarise(question.material.text, before=question.material.earlier)
            return Answer(short or "(nothing)")
        raise Rejected(f"The offline engine knows no task {question.task!r}.")

    def _understand(self, material: Material) -> dict[str, Any]:
        said = read(material.text, language=material.language or "en", embed=self._embed)
        facts: dict[str, dict[str, str]] = {}
        for found in said.found:
            quote = material.text[found.start : found.end]
            facts.setdefault(found.name, {"name": found.name, "value": found.value, "quote": quote})
        return {
            "intent": said.intent,
            "confidence": said.confidence,
            "sentiment": said.sentiment,
            "language": said.language,
            "wants_human": said.wants_human,
            "is_closing": said.is_closing,
            "facts": list(facts.values()),
        }

    def _reply(self, material: Material) -> dict[str, Any]:
        talk = small_talk(
            material.text, language=material.language, sentiment=sentiment_of(material.text)
        )
        found = [Extract(talk)] if talk else []
        if not found:
            found = extract_answer(
                material.text,
                [Passage(one.text, one.heading, one.title) for one in material.sources],
                language=material.language,
                words=words_by(self._embed),
                earlier=material.earlier,
            )
        sentences = [{"text": f.text, "source": f.source, "quote": f.quote} for f in found]
        return {"grounded": bool(sentences), "sentences": sentences}
