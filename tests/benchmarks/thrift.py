"""What an answer costs, beside a plain chain of four calls on the same messages, and how fast.

The plain chain is what one writes on the first day: classify, extract, draft, check, each with
the thread and its own instructions, the drafts with the same passages that our search finds,
numbered, so that the stand-in writes the same sentences for both. The chain drafts by the large
model, for nothing but a model checks what it says. Ours is measured three times: as it is routed
by itself (first drafts by the small model, what the checks refuse by the large one), model for
model, where the large one writes every draft, and so that plain questions are answered without a
model. Schemas of answers are counted for neither.
"""

import itertools
import logging
import statistics
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import openai

from agents.models import Run
from agents.prices import Tokens, price_of
from config.demo.stage import Stage
from knowledge.services import search
from tenants import context
from tenants.workspace.models import Profile
from tests.benchmarks.answers import answers, warm
from tests.benchmarks.load import text_of
from tests.benchmarks.stand import Figures, line, load

CHEAP, GOOD = "openai/gpt-6-luna", "openai/gpt-6.1-sol"
SMALL = {"understand": [CHEAP], "summarise": [CHEAP]}
ROUTED = {
    "": {**SMALL, "draft": [CHEAP], "reply": [GOOD]},
    "_model_for_model": {**SMALL, "reply": [GOOD]},
    "_plainly": {**SMALL, "reply": [GOOD]},
}
PEOPLE = 24
# Numbers of texts that nobody has written yet, and of what the same people write next.
FIRST, NEXT, REPEATED = 5_000, 6_000, 7_000
# A plain chain of three calls that somebody else built and measured, prompt tokens an answer.
THREE_CALLS = {"first": 1_075, "dialogue": 1_850}

CLASSIFY = """You are an expert at classifying customer messages for a company. Read the \
conversation and classify the intent of the last message as one of: sales, support, general, \
spam, urgent. Also give the sentiment from -1 to 1, your confidence from 0 to 1, and the language \
as an ISO 639-1 code. Think about what the customer wants. Answer with a JSON object with the keys \
intent, sentiment, confidence and language and nothing else."""
EXTRACT = """You are an expert at extracting information about leads from conversations. Extract \
the following fields if they are mentioned: name, email, phone, company, role, interest, budget, \
timeline, location. Also extract pain points and buying signals. Do not make anything up. Answer \
with a JSON object that has these keys, with null for what is not mentioned, and nothing else."""
DRAFT = """You are a helpful assistant that answers customers of this company: {about}
Tone: {tone}
Answer the customer's last message using only the context below. If the context does not hold the \
answer, say that you do not know and offer to connect them with a person. Be concise, answer in \
the customer's language, and do not invent facts, prices or dates.

Context:
{context}"""
CHECK = """You are a strict reviewer of customer service replies. Check that the reply below is \
supported by the context, answers the question, is polite, is in the right language, and makes no \
promises that the context does not make. Answer with a JSON object with the keys approved (true or \
false), problems (a list of strings) and corrected_reply, and nothing else.

Context:
{context}

Reply:
{reply}"""


def thrift(stage: Stage) -> Figures:
    """Calls, tokens and money an answer, on a first message and within a dialogue."""
    stage.machine.names = ("web", "worker")
    spent: dict[str, dict[str, float]] = {}
    with stage.machine:
        warm(stage, "t")
        for number, (routed, routes) in enumerate(ROUTED.items()):
            with context.inside(stage.company):
                ours = Profile.current()
                ours.model_routes = routes
                ours.answers_plainly = routed == "_plainly"
                ours.save()
            people = f"thrift{routed}"
            for kind, texts in (("first", FIRST), ("dialogue", NEXT)):
                first = texts + number * PEOPLE * 2
                stage.simulator.forget_journal()
                _write(stage, run=f"{people}{kind}", people=people, first=first)
                answered = len({entry["recipient"] for entry in answers(stage, PEOPLE, people)})
                calls = stage.simulator.journal(kind="model", brief=1)
                spent[f"{kind}{routed}"] = _sums(calls, max(answered, 1))
                if not routed:
                    chained = _chain(stage, first, texts == NEXT)
                    spent[f"{kind}_chain"] = _sums(chained, PEOPLE)
    with context.inside(stage.company):
        Profile.objects.update(model_routes={}, answers_plainly=False)
    for kind, routed in itertools.product(("first", "dialogue"), ROUTED):
        mine, plain = spent[f"{kind}{routed}"], spent[f"{kind}_chain"]
        for what in ("calls", "prompt_tokens", "cost"):
            share = mine[what] / plain[what]
            yield line(
                f"{kind}_{what}_per_answer{routed}",
                mine[what],
                {"cost": "US$ a thousand"}.get(what, ""),
                aim="<= half of the plain chain",
                met=share <= 0.5,
                plain_chain=round(plain[what], 3),
                share=round(share, 2),
                **({"three_calls": THREE_CALLS[kind]} if what == "prompt_tokens" else {}),
            )


def memory(stage: Stage) -> Figures:
    """The same questions by other people: from the webhook to the reply, and no model asked."""
    stage.machine.names = ("web", "worker")
    with stage.machine:
        warm(stage, "m")
        _write(stage, run="mem1", people="memone", first=REPEATED)
        answers(stage, PEOPLE, "memone")
        stage.simulator.forget_journal()
        loaded = _write(stage, run="mem2", people="memtwo", first=REPEATED, rate=5)
        entries = answers(stage, PEOPLE, "memtwo")
        calls = stage.simulator.journal(kind="model", brief=1)
    with context.inside(stage.company):
        remembered = Run.objects.filter(
            steps__name="reply", steps__warning="answered from memory"
        ).select_related("conversation")
        hit = {run.conversation.external_thread for run in remembered}
    entries = [entry for entry in entries if entry["recipient"] in hit]
    quick = waits_of(loaded["moments"], entries, "memtwo")
    yield line(
        "memory_hit_p95",
        quick[int(len(quick) * 0.95)] * 1000 if quick else 0.0,
        "ms",
        p50_ms=round(statistics.median(quick) * 1000) if quick else None,
        hits=len(quick),
        asked=PEOPLE,
        model_calls=len(calls),
    )


def waits_of(
    moments: Sequence[float], entries: Sequence[dict[str, Any]], people: str
) -> list[float]:
    """Seconds from each webhook to its reply, the shortest first."""
    by_person = {entry["recipient"]: entry["at"] for entry in entries}
    return sorted(
        by_person[f"{people}{number}"] - moment
        for number, moment in enumerate(moments)
        if f"{people}{number}" in by_person
    )


def _write(stage: Stage, *, run: str, people: str, first: int, **job: Any) -> dict[str, Any]:
    asked = {"run": run, "people": people, "count": PEOPLE, "texts_from": first, "seconds": 60}
    path = "/webhooks/messenger/"
    return load(stage, stage.plan.ports.web, path, **asked, connections=2, **job)


def _chain(stage: Stage, first: int, is_dialogue: bool) -> list[dict[str, Any]]:
    """The plain chain's calls, as the stand-in's journal has them."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line a request
    client = openai.OpenAI(api_key="sk-chain", base_url=stage.plan.extra["OPENAI_BASE_URL"])
    stage.simulator.behave("openai", latency=0)
    stage.simulator.forget_journal()
    with context.inside(stage.company):
        ours = Profile.current()
        for person in range(PEOPLE):
            asked = text_of(person + first)
            thread = f"customer: {text_of(person + FIRST)}\nassistant: {ours.about}\n" * is_dialogue
            thread += f"customer: {asked}"
            found = search(question=asked, limit=5).passages
            known = "\n\n".join(
                f"[{number}] {' '.join(passage.text.split())}"
                for number, passage in enumerate(found, start=1)
            )
            _ask(client, CHEAP, CLASSIFY, thread)
            _ask(client, CHEAP, EXTRACT, thread)
            drafting = DRAFT.format(about=ours.about, tone=ours.tone, context=known)
            reply = _ask(client, GOOD, drafting, thread)
            _ask(client, CHEAP, CHECK.format(context=known, reply=reply), thread)
    calls = stage.simulator.journal(kind="model", brief=1)
    stage.simulator.behave("openai", latency=0.4)
    return calls


def _ask(client: openai.OpenAI, route: str, system: str, thread: str) -> str:
    answer = client.chat.completions.create(
        model=route.partition("/")[2],
        messages=[{"role": "system", "content": system}, {"role": "user", "content": thread}],
    )
    return answer.choices[0].message.content or ""


def _sums(calls: Sequence[dict[str, Any]], answered: int) -> dict[str, float]:
    cost = sum(
        (
            price_of(f"openai/{c['model']}", Tokens(c["prompt_tokens"], c["answer_tokens"])).amount
            for c in calls
        ),
        Decimal(0),
    )
    return {
        "calls": len(calls) / answered,
        "prompt_tokens": sum(call["prompt_tokens"] for call in calls) / answered,
        "cost": float(cost) * 1_000 / answered,
    }
