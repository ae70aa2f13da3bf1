"""Drafting while it is still being found out what a message means: one wait instead of two.

A company chooses it. It costs a draft for each message that needs no answer, and a second one
where the message turns out to be in another language, or small talk.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from agents import gateway
from agents.gateway import Rung
from agents.models import RunStep
from agents.schemas import Intent
from agents.services.curated import curated_for
from agents.services.replying import Drafted, draft_reply
from agents.services.retrieving import retrieve
from agents.services.thought import Thought
from knowledge.services import SearchResult
from tenants import context

T = TypeVar("T")
THREADS = 64  # at most as many as a process thinks at once; they wait for vendors


@dataclass(frozen=True, slots=True)
class Ahead:
    """What was found and drafted before the message was understood."""

    language: str
    found: SearchResult
    drafted: Drafted
    steps: list[RunStep]

    def fits(self, thought: Thought) -> bool:
        """Whether the draft would have been the same, had the meaning been known."""
        if self.language != thought.run.language:
            return False
        is_talk = thought.run.intent == Intent.GENERAL
        return self.drafted.state == Drafted.READY or not is_talk


def may_hurry(thought: Thought) -> bool:
    """Whether the company wants it, and a vendor is there to wait for; not where we save."""
    return (
        thought.profile.thinks_ahead
        and thought.terms.rung == Rung.FULL
        and gateway.routes_for("understand")[0] != gateway.OFFLINE
    )


def draft_ahead(thought: Thought, language: str) -> None:
    """Look up and draft as for a question in this language; kept aside in ``thought.ahead``."""
    thought.run.language = language
    if thought.profile.curated_answers and curated_for(thought):
        return
    before, thought.steps = thought.steps, []
    try:
        found = retrieve(thought)
        drafted = draft_reply(thought, found)
        thought.ahead = Ahead(language, found, drafted, thought.steps)
    finally:
        thought.steps = before


def take_draft(thought: Thought) -> Ahead | None:
    """The draft made ahead, if it fits; else what it left on the thought is taken back."""
    ahead, thought.ahead = thought.ahead, None
    if ahead is None:
        return None
    if ahead.fits(thought):
        thought.steps += ahead.steps
        return ahead
    _forget(thought, ahead)
    return None


def take_back(thought: Thought) -> None:
    """No answer is wanted: what was drafted is not shown beside the run."""
    if thought.ahead is not None:
        _forget(thought, thought.ahead)
        thought.ahead = None


def _forget(thought: Thought, ahead: Ahead) -> None:
    thought.run.draft = ""
    for step in ahead.steps:
        thought.done.pop(step.name, None)


def beside(question: Callable[[], T], deed: Callable[[], None]) -> T:
    """Wait for a model in another thread while this one does the deed."""
    around = copy_context()  # the span that the call belongs to
    answer = _threads().submit(around.run, _in_company, context.connection.tenant, question)
    deed()
    return answer.result()


def _in_company(company: object, question: Callable[[], T]) -> T:
    context.connection.set_tenant(company)
    try:
        return question()
    finally:
        context.leave()
        context.release()


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="ahead")
