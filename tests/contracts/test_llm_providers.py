"""What every language model provider keeps, with the vendors' real SDKs on loopback."""

import json
import time
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from agents.prices import Tokens, price_of
from agents.providers import LLMS
from agents.providers.base import (
    Account,
    ChatMessage,
    LlmProvider,
    Material,
    Question,
    Source,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from agents.schemas import Reply, Understanding
from config.simulator.courier import Courier
from config.simulator.models import Anthropic
from config.simulator.world import World
from knowledge.services import embed_locally
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.contracts.model_server import FIXTURES, ModelServer, Said, recorded, serving

REMOTE = [kind for kind in LLMS if LLMS.get(kind).is_remote]
GOOD = {"anthropic": "message", "openai": "completion", "compatible": "completion"}


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture
def provider(kind: str, server: ModelServer) -> LlmProvider:
    path = "" if kind == "anthropic" else "/v1"
    return LLMS.get(kind)(Account(base_url=server.url + path, api_key="test-key"))


def asked(**kwargs: Any) -> Question:
    return Question(
        **{
            "task": "reply",
            "system": "Be brief.",
            "messages": [ChatMessage("user", "How much is the desk?")],
            **kwargs,
        }
    )


def good(kind: str, text: str = "") -> Said:
    body = recorded(kind, GOOD[kind])
    if text and kind == "anthropic":
        body["content"][0]["text"] = text
    elif text:
        body["choices"][0]["message"]["content"] = text
    return Said(body=body)


@pytest.mark.parametrize("kind", list(LLMS))
def test_every_provider_is_one(kind):
    assert issubclass(LLMS.get(kind), LlmProvider)
    assert LLMS.label(kind)


@pytest.mark.parametrize("kind", REMOTE)
def test_every_remote_provider_has_a_recorded_answer(kind):
    assert (FIXTURES / kind / f"{GOOD[kind]}.json").exists()


@pytest.mark.parametrize("kind", REMOTE)
class TestEveryRemoteProvider:
    def test_answers_and_counts_tokens(self, kind, provider, server):
        server.say(good(kind))

        answer = provider.answer(asked(), model="m-1", timeout=5)

        assert answer.text == "The desk costs 349 EUR."
        assert (answer.input_tokens, answer.output_tokens) == (42, 9)
        assert answer.complete
        assert server.asked[0]["model"] == "m-1"

    def test_sends_the_key_and_the_system_prompt(self, kind, provider, server):
        server.say(good(kind))
        provider.answer(asked(), model="m-1", timeout=5)

        headers, body = server.headers[0], server.asked[0]
        assert "test-key" in headers.get("x-api-key", "") + headers.get("authorization", "")
        assert "Be brief." in json.dumps(body)

    def test_asks_for_the_shape(self, kind, provider, server):
        server.say(good(kind, '{"grounded": false, "sentences": []}'))

        answer = provider.answer(asked(schema=Reply), model="m-1", timeout=5)

        assert Reply.model_validate_json(answer.text).grounded is False
        assert "grounded" in json.dumps(server.asked[0])

    def test_says_when_it_ran_out_of_tokens(self, kind, provider, server):
        said = good(kind)
        if kind == "anthropic":
            said.body["stop_reason"] = "max_tokens"
        else:
            said.body["choices"][0]["finish_reason"] = "length"
        server.say(said)

        assert not provider.answer(asked(), model="m-1", timeout=5).complete

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (400, Rejected),
            (401, CredentialsRejected),
            (403, CredentialsRejected),
            (404, Rejected),
            (408, Unavailable),
            (422, Rejected),
            (429, RateLimited),
            (500, Unavailable),
            (502, Unavailable),
            (503, Unavailable),
            (529, Unavailable),
        ],
    )
    def test_maps_every_status(self, kind, provider, server, status, error):
        body = recorded("anthropic", "overloaded")
        if kind != "anthropic":
            body = recorded("openai", "rate_limited")
        server.say(Said(status=status, body=body))

        with pytest.raises(ProviderError) as raised:
            provider.answer(asked(), model="m-1", timeout=5)

        assert type(raised.value) is error
        assert raised.value.status == status

    def test_keeps_how_long_to_wait(self, kind, provider, server):
        server.say(Said(status=429, body={"error": {}}, headers={"Retry-After": "7"}))

        with pytest.raises(RateLimited) as raised:
            provider.answer(asked(), model="m-1", timeout=5)

        assert raised.value.retry_after == 7

    def test_asks_once_and_leaves_patience_to_the_gateway(self, kind, provider, server):
        server.say(Said(status=500, body={}))

        with pytest.raises(Unavailable):
            provider.answer(asked(), model="m-1", timeout=5)

        assert len(server.asked) == 1

    def test_waits_no_longer_than_it_may(self, kind, provider, server):
        server.say(Said(body={}, wait=1.5))

        with pytest.raises(Unavailable):
            provider.answer(asked(), model="m-1", timeout=0.3)

    @pytest.mark.parametrize(
        "said",
        [
            Said(drop=True),
            Said(body="{not json"),
            Said(body="<html>gateway</html>", content_type="text/html"),
            Said(body=[]),
            Said(body={}),
            Said(body={"choices": [], "content": None}),
        ],
        ids=["dropped", "malformed", "html", "list", "empty", "hollow"],
    )
    def test_survives_a_broken_answer(self, kind, provider, server, said):
        server.say(said)

        with pytest.raises(Unavailable):
            provider.answer(asked(), model="m-1", timeout=5)

    def test_is_unavailable_where_nobody_listens(self, kind):
        nowhere = LLMS.get(kind)(Account(base_url="http://127.0.0.1:9", api_key="k"))

        with pytest.raises(Unavailable):
            nowhere.answer(asked(), model="m-1", timeout=2)


def test_a_refusing_model_is_not_a_broken_one(server):
    body = recorded("anthropic", "message")
    body["stop_reason"] = "refusal"
    server.say(Said(body=body))
    claude = LLMS.get("anthropic")(Account(base_url=server.url, api_key="k"))

    with pytest.raises(Rejected):
        claude.answer(asked(), model="m-1", timeout=5)


class TestPromptCache:
    """What stands at the beginning of Claude's prompts, kept by the vendor."""

    LONG = "Answer in two sentences, and only from the sources. " * 60

    @pytest.fixture
    def asks(self, server):
        server.say(Said(body=recorded("anthropic", "message")))
        claude = LLMS.get("anthropic")(Account(base_url=server.url, api_key="k"))

        def ask(model="claude-haiku-5-5", **kwargs):
            claude.answer(asked(**kwargs), model=model, timeout=5)
            return server.asked[-1]["system"]

        return ask

    def test_is_kept_from_the_second_time_on(self, asks):
        kept = {"type": "text", "text": self.LONG, "cache_control": {"type": "ephemeral"}}

        assert asks(system=self.LONG) == self.LONG
        assert asks(system=self.LONG) == [kept]
        rule = {"type": "text", "text": "Marks."}
        assert asks(system=self.LONG, aside="Marks.") == [kept, rule]
        assert asks(system=self.LONG + "Another.") == self.LONG + "Another."

    @pytest.mark.parametrize(
        ("model", "system"), [("claude-haiku-5-5", "Be brief."), ("claude-haiku-4-5", LONG)]
    )
    def test_is_not_where_it_is_shorter_than_the_vendor_keeps(self, asks, model, system):
        asks(model=model, system=system)
        assert asks(model=model, system=system, aside=" Now.") == f"{system} Now."

    def test_is_forgotten_as_the_vendor_forgets_it(self, asks, monkeypatch):
        asks(system=self.LONG)
        now = time.monotonic()
        monkeypatch.setattr("agents.providers.anthropic.time.monotonic", lambda: now + 301)
        assert asks(system=self.LONG) == self.LONG

    @pytest.mark.parametrize("streams", [False, True])
    def test_is_counted_and_priced(self, server, streams):
        body = recorded("anthropic", "message")
        usage = {"input_tokens": 100, "output_tokens": 10}
        usage |= {"cache_creation_input_tokens": 600, "cache_read_input_tokens": 1_000}
        if streams:
            events = [
                {"type": "message_start", "message": {**body, "content": [], "usage": usage}},
                {"type": "message_stop"},
            ]
            told = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
            server.say(Said(body=told, content_type="text/event-stream"))
        else:
            server.say(Said(body={**body, "usage": usage}))
        account = Account(base_url=server.url, api_key="k", streams=streams)
        answer = LLMS.get("anthropic")(account).answer(asked(), model="m", timeout=5)

        assert (answer.input_tokens, answer.output_tokens) == (1_700, 10)
        assert (answer.written_tokens, answer.cached_tokens) == (600, 1_000)
        used = Tokens(1_700, 10, written=600, cached=1_000)
        # 100 at 2, 600 at 2.50, 1,000 at 0.10, 10 at 10 dollars a million
        assert price_of("anthropic/claude-sonnet-5-5", used).amount == Decimal("0.0019")
        # where no price of the cache is known, all is charged as input
        assert price_of("openai/gpt-6-sol", used).amount == Decimal("0.0035")

    def test_its_stand_in_keeps_as_it_does(self):
        claude = Anthropic(World(), Courier(World()))
        parts = [{"type": "text", "text": self.LONG * 2, "cache_control": {"type": "ephemeral"}}]
        body = {"model": "claude-haiku-5-5", "system": parts}

        first, second = claude._read(body, 2_000), claude._read(body, 2_000)
        size = first["cache_creation_input_tokens"]
        assert size == second["cache_read_input_tokens"] > 512
        assert first["input_tokens"] == second["input_tokens"] == 2_000 - size
        assert claude._read({**body, "system": self.LONG}, 9) == {"input_tokens": 9}


def test_claude_thinks_no_longer_than_an_answer_needs(server):
    server.say(Said(body=recorded("anthropic", "message")))
    claude = LLMS.get("anthropic")(Account(base_url=server.url, api_key="k"))
    for model in ("claude-sonnet-5-5", "claude-haiku-4-5"):
        claude.answer(asked(), model=model, timeout=5)
    assert [one.get("output_config", {}).get("effort") for one in server.asked] == ["low", None]


class TestOffline:
    @pytest.fixture
    def engine(self):
        return LLMS.get("offline")(Account(embed=embed_locally))

    def test_understands(self, engine):
        material = Material(text="Hola, ¿cuánto cuesta el escritorio? Mi correo es eva@luz.example")
        answer = engine.answer(asked(task="understand", material=material), model="", timeout=0)

        understood = Understanding.model_validate_json(answer.text)
        assert understood.intent == "sales"
        assert understood.language == "es"
        assert [f.value for f in understood.facts if f.name == "email"] == ["eva@luz.example"]

    @pytest.mark.parametrize(
        "text",
        [
            "I am Ana Lopez, ana@luz.com, +34 600 123 456, I would like a quote",
            "You can reach me at +34 600 123 456",
            "My email is ana.lopez@example.com",
        ],
    )
    def test_who_leaves_an_address_is_no_advertiser(self, engine, text):
        question = asked(task="understand", material=Material(text=text))
        understood = Understanding.model_validate_json(
            engine.answer(question, model="", timeout=0).text
        )
        assert understood.intent != "spam"
        assert {fact.name for fact in understood.facts} & {"email", "phone"}

    def test_answers_in_the_words_of_the_source(self, engine):
        source = Source(1, "Guide", "We open at 9:00. The desk costs 349 EUR. We sell plants too.")
        material = Material(text="What does the desk cost?", language="en", sources=(source,))
        answer = engine.answer(asked(material=material), model="", timeout=0)

        reply = Reply.model_validate_json(answer.text)
        assert reply.sentences[0].quote == "The desk costs 349 EUR."

    def test_says_so_where_nothing_answers(self, engine):
        source = Source(1, "Guide", "We sell plants.")
        material = Material(text="Who is your tax advisor?", language="en", sources=(source,))
        answer = engine.answer(asked(material=material), model="", timeout=0)

        assert not Reply.model_validate_json(answer.text).grounded

    def test_knows_its_limits(self, engine):
        with pytest.raises(Rejected):
            engine.answer(asked(task="translate"), model="", timeout=0)

    def test_weights_fit_the_embedder(self):
        assert np.linalg.norm(embed_locally(["hello"])[0]) == pytest.approx(1, abs=1e-3)


class Desk(BaseModel):
    """Which desk is meant."""

    name: str


WANTED: dict[str, dict[str, Any]] = {
    "anthropic": {
        "stop_reason": "tool_use",
        "content": [
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "call_1", "name": "price_of", "input": {"name": "Nova"}},
        ],
    },
    "openai": {
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "price_of", "arguments": '{"name": "Nova"}'},
            }
        ],
    },
}


def wanting(kind: str, **changes: Any) -> Said:
    body = recorded(kind, GOOD[kind])
    if kind == "anthropic":
        body.update({**WANTED["anthropic"], **changes})
    else:
        body["choices"][0]["finish_reason"] = "tool_calls"
        body["choices"][0]["message"].update({**WANTED["openai"], **changes})
    return Said(body=body)


@pytest.mark.parametrize("kind", REMOTE)
class TestTools:
    spec = ToolSpec("price_of", "What a desk costs.", Desk)

    def test_are_offered_and_asked_for(self, kind, provider, server):
        server.say(wanting(kind))

        answer = provider.answer(asked(tools=(self.spec,), schema=Reply), model="m", timeout=5)

        assert answer.calls == (ToolCall("call_1", "price_of", {"name": "Nova"}),)
        (tool,) = server.asked[0]["tools"]
        told = tool if kind == "anthropic" else tool["function"]
        shape = told["input_schema" if kind == "anthropic" else "parameters"]
        assert (told["name"], told["description"]) == ("price_of", "What a desk costs.")
        assert shape["properties"]["name"]["type"] == "string"

    def test_are_not_spoken_of_where_there_are_none(self, kind, provider, server):
        server.say(good(kind))
        provider.answer(asked(), model="m", timeout=5)

        assert "tools" not in server.asked[0]

    def test_are_answered_under_the_calls_own_id(self, kind, provider, server):
        server.say(good(kind))
        call = ToolCall("call_1", "price_of", {"name": "Nova"})
        turns = [
            ChatMessage("user", "How much?"),
            ChatMessage("assistant", "", calls=(call,)),
            ChatMessage("user", "", results=(ToolResult("call_1", "price_of", "349 EUR"),)),
        ]
        provider.answer(asked(messages=turns, tools=(self.spec,)), model="m", timeout=5)

        sent = json.dumps(server.asked[0]["messages"])
        assert sent.count("call_1") == 2
        assert "349 EUR" in sent
        last = server.asked[0]["messages"][-1]
        assert last["role"] == ("user" if kind == "anthropic" else "tool")

    def test_asked_for_in_no_json_are_asked_for_with_nothing(self, kind, provider, server):
        if kind == "anthropic":
            content = [{"type": "tool_use", "id": "c", "name": "price_of", "input": "Nova"}]
            server.say(wanting(kind, content=content))
        else:
            function = {"name": "price_of", "arguments": "{Nova"}
            broken = {"id": "c", "type": "function", "function": function}
            server.say(wanting(kind, tool_calls=[broken]))

        answer = provider.answer(asked(tools=(self.spec,)), model="m", timeout=5)

        assert answer.calls == (ToolCall("c", "price_of", None),)
