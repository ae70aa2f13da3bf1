"""The chain: routes, fallback, repair, breaker, deadline, price."""

import time
from decimal import Decimal

import pytest

from agents import breaker, gateway
from agents.prices import Tokens, price_of
from agents.providers.base import ChatMessage, Material, Source
from agents.schemas import Reply
from tenants.redis import client as redis_client
from tests.contracts.model_server import Said, recorded, serving

GROUNDED = '{"grounded": true, "sentences": [{"text": "Hello.", "source": 0, "quote": ""}]}'


@pytest.fixture
def gpt(settings):
    with serving() as server:
        settings.OPENAI_API_KEY = "k"
        settings.OPENAI_BASE_URL = f"{server.url}/v1"
        yield server


def claude_says(text):
    body = recorded("anthropic", "message")
    body["content"][0]["text"] = text
    return Said(body=body)


def gpt_says(text):
    body = recorded("openai", "completion")
    body["choices"][0]["message"]["content"] = text
    return Said(body=body)


def complete(**kwargs):
    source = Source(1, "Guide", "The desk costs 349 EUR.")
    return gateway.complete(
        **{
            "task": "reply",
            "messages": [ChatMessage("user", "How much is the desk?")],
            "schema": Reply,
            "material": Material("How much is the desk?", "en", (source,)),
            **kwargs,
        }
    )


def tried(completion):
    return [(call.provider, call.status) for call in completion.calls]


class TestRoutes:
    def test_offline_alone_without_a_key(self):
        assert gateway.routes_for("reply") == [gateway.OFFLINE]

    def test_every_provider_with_a_key(self, claude, gpt):
        assert [route.partition("/")[0] for route in gateway.routes_for("reply")] == [
            *("anthropic", "openai", "offline")
        ]

    def test_as_configured_and_offline_at_the_end(self, claude, gpt, settings):
        settings.MODEL_ROUTES = {"reply": ["openai/gpt-x", "anthropic/claude-x"]}

        assert gateway.routes_for("reply") == [
            *("openai/gpt-x", "anthropic/claude-x", gateway.OFFLINE)
        ]

    def test_a_route_without_a_key_is_left_out(self, gpt, settings):
        settings.MODEL_ROUTES = {"*": ["anthropic/claude-x", "openai/gpt-x"]}

        assert gateway.routes_for("reply") == ["openai/gpt-x", gateway.OFFLINE]

    def test_a_compatible_endpoint_needs_no_key(self, settings):
        settings.COMPATIBLE_BASE_URL = "http://127.0.0.1:11434/v1"
        settings.MODEL_ROUTES = {"reply": ["compatible/llama3.3"]}

        assert gateway.routes_for("reply") == ["compatible/llama3.3", gateway.OFFLINE]

    def test_a_misspelt_provider_fails_the_start(self, settings):
        settings.MODEL_ROUTES = {"reply": ["antropic/claude-x"]}

        [error] = gateway.routes_are_known(None)
        assert "antropic" in error.msg


def test_answers_from_the_first(claude, gpt):
    claude.say(claude_says(GROUNDED))

    completion = complete()

    assert completion.parsed.text == "Hello."
    assert completion.route == "anthropic/claude-sonnet-5-5"
    assert gpt.asked == []
    [call] = completion.calls
    assert call.cost == Decimal("0.000174")  # 42 x 2 + 9 x 10 dollars per million


@pytest.mark.parametrize(
    "said",
    [
        Said(status=500, body={}),
        Said(status=529, body=recorded("anthropic", "overloaded")),
        Said(status=429, body={}),
        Said(status=401, body={}),
        Said(status=400, body={}),
        Said(drop=True),
        Said(body="{"),
    ],
    ids=["500", "529", "429", "401", "400", "dropped", "malformed"],
)
def test_falls_back_to_the_next(claude, gpt, said):
    claude.say(said)
    gpt.say(gpt_says(GROUNDED))

    completion = complete()

    assert tried(completion) == [("anthropic", "failed"), ("openai", "ok")]


def test_falls_back_to_the_offline_engine_in_the_end(claude, gpt):
    claude.say(Said(status=500, body={}))
    gpt.say(Said(status=500, body={}))

    completion = complete()

    assert tried(completion)[-1] == ("offline", "ok")
    assert "349" in completion.parsed.text


class TestRepair:
    def test_tells_the_model_what_was_wrong_once(self, claude):
        claude.say(claude_says('{"grounded": "perhaps"}'), claude_says(GROUNDED))

        completion = complete()

        assert tried(completion) == [("anthropic", "invalid"), ("anthropic", "ok")]
        told = claude.asked[1]["messages"][-1]["content"]
        assert "grounded" in told

    def test_then_asks_the_next(self, claude, gpt):
        claude.say(claude_says("I would rather write prose."))
        gpt.say(gpt_says(GROUNDED))

        completion = complete()

        assert tried(completion) == [
            *(("anthropic", "invalid"), ("anthropic", "invalid"), ("openai", "ok"))
        ]

    def test_reads_json_out_of_a_fence(self, claude):
        claude.say(claude_says(f"Sure!\n```json\n{GROUNDED}\n```"))

        assert complete().parsed.text == "Hello."

    def test_an_empty_text_is_no_answer(self, claude):
        claude.say(claude_says(" "), claude_says("Hello."))

        assert complete(schema=None).text == "Hello."


class TestBreaker:
    def test_while_all_is_well_it_is_asked_now_and_then(self, monkeypatch):
        route, asked = "claude/calm", []

        def answer(*args):
            asked.append(args)
            return [1, 0, 0]

        monkeypatch.setattr(redis_client(), "eval", answer, raising=True)
        for _ in range(5):
            assert breaker.permit(route).allowed
        assert len(asked) == 1

        breaker.failed(route)
        breaker.permit(route)
        assert len(asked) == 3  # the failure itself, and the next to be permitted

    def test_opens_after_failures_and_asks_no_more(self, claude, gpt):
        claude.say(Said(status=500, body={}))
        gpt.say(gpt_says(GROUNDED))

        for _ in range(breaker.FAILURES + 3):
            completion = complete()

        assert len(claude.asked) == breaker.FAILURES
        assert completion.calls[0].error == "circuit open"

    def test_one_probe_closes_it_again(self, claude, gpt):
        route = gateway.routes_for("reply")[0]
        for _ in range(breaker.FAILURES):
            breaker.failed(route)
        assert not breaker.permit(route).allowed
        redis_client().delete(f"lw::breaker:{route}:open")  # its time has passed

        probe = breaker.permit(route)
        assert probe.allowed
        assert probe.probing
        assert not breaker.permit(route).allowed  # one at a time

        breaker.succeeded(route, probe)
        assert breaker.permit(route).allowed

    def test_a_failed_probe_opens_it_again(self, claude):
        route = gateway.routes_for("reply")[0]
        for _ in range(breaker.FAILURES):
            breaker.failed(route)
        redis_client().delete(f"lw::breaker:{route}:open")
        breaker.permit(route)
        breaker.failed(route)

        assert not breaker.permit(route).allowed

    def test_a_refused_key_opens_it_at_once(self, claude, gpt):
        claude.say(Said(status=401, body={}))
        gpt.say(gpt_says(GROUNDED))
        complete()
        complete()

        assert len(claude.asked) == 1

    def test_an_honest_no_does_not(self, claude, gpt):
        claude.say(Said(status=400, body={}))
        gpt.say(gpt_says(GROUNDED))
        for _ in range(breaker.FAILURES + 1):
            complete()

        assert len(claude.asked) == breaker.FAILURES + 1

    def test_models_of_one_provider_break_apart(self, claude):
        for _ in range(breaker.FAILURES):
            breaker.failed("anthropic/one")

        assert breaker.permit("anthropic/two").allowed


class TestDeadline:
    def test_a_slow_provider_leaves_time_for_the_next(self, claude, gpt):
        claude.say(Said(body={}, wait=5))
        gpt.say(gpt_says(GROUNDED))

        started = time.monotonic()
        completion = complete(seconds=4)

        assert tried(completion) == [("anthropic", "failed"), ("openai", "ok")]
        assert time.monotonic() - started < 4

    def test_without_time_the_offline_engine_answers(self, claude):
        completion = complete(seconds=0.1)

        assert tried(completion) == [("anthropic", "failed"), ("offline", "ok")]
        assert claude.asked == []


def test_nobody_left_is_said_with_all_that_was_tried(claude):
    claude.say(Said(status=500, body={}))

    with pytest.raises(gateway.NoAnswer) as raised:
        complete(task="translate", schema=None, material=None)

    assert [call.provider for call in raised.value.calls] == ["offline"]


@pytest.mark.parametrize(
    ("route", "amount", "priced"),
    [
        ("anthropic/claude-haiku-4-5", "6", True),
        ("anthropic/claude-haiku-4-5-20251001", "6", True),
        ("openai/gpt-nobody-knows", "0", False),
        ("offline/engine", "0", True),
    ],
)
def test_prices(route, amount, priced):
    price = price_of(route, Tokens(1_000_000, 1_000_000))

    assert (price.amount, price.priced) == (Decimal(amount), priced)
