"""The real SDKs against a model server that nobody here wrote: plain, structured, streamed, with
tools, embeddings; and every ill a vendor may have, survived with the message answered."""

import time

import pytest
from pydantic import BaseModel

from agents import breaker, gateway
from agents.models import Run
from agents.providers.base import ChatMessage, Material, Source, ToolSpec
from agents.schemas import Reply
from knowledge.providers.openai import OpenAI as Embedder
from tests.aimock_fixture import ILLS, QUOTE

KINDS = ["anthropic", "openai", "compatible"]
STREAMED = pytest.mark.parametrize(
    "streamed", [False, True], ids=["whole", "pieces"], indirect=True
)


class Search(BaseModel):
    query: str


@pytest.fixture
def streamed(request):
    """Whether answers are read in pieces."""
    return getattr(request, "param", False)


@pytest.fixture
def vendors(north, aimock, settings, streamed):
    """Every kind connected to the model server."""
    settings.MODEL_STREAMS = streamed
    for kind in KINDS:
        path = "" if kind == "anthropic" else "/v1"
        setattr(settings, f"{kind.upper()}_API_KEY", "k")
        setattr(settings, f"{kind.upper()}_BASE_URL", f"{aimock}{path}")
    return settings


def ask(*routes, settings, **kwargs):
    settings.MODEL_ROUTES = {"reply": list(routes)}
    return gateway.complete(
        **{
            "task": "reply",
            "messages": [ChatMessage("user", "How much is the desk?")],
            "schema": Reply,
            "material": Material("How much is the desk?", "en", (Source(1, "Guide", QUOTE),)),
            **kwargs,
        }
    )


@STREAMED
@pytest.mark.parametrize("kind", KINDS)
class TestWell:
    def test_plain(self, vendors, kind):
        plain = [ChatMessage("user", "a plain question")]
        answer = ask(f"{kind}/well", settings=vendors, schema=None, messages=plain)

        assert answer.text == "The desk costs 349 EUR."
        [call] = answer.calls
        assert call.status == "ok"
        assert call.output_tokens > 0

    def test_structured(self, vendors, kind):
        answer = ask(f"{kind}/well", settings=vendors)

        assert answer.parsed.text == "The standing desk Nova costs 349 EUR."
        assert answer.route == f"{kind}/well"

    def test_tools(self, vendors, kind):
        tool = ToolSpec("search", "Search the knowledge.", Search)
        answer = ask(f"{kind}/tools", settings=vendors, tools=[tool])

        [wanted] = answer.wanted
        assert (wanted.name, wanted.arguments) == ("search", {"query": "desk"})


def test_embeddings(vendors):
    vendors.EMBEDDER = "openai"
    points = Embedder().embed(["How much is the desk?", "¿Cuánto cuesta?"])

    assert points.shape == (2, 512)


@STREAMED
@pytest.mark.parametrize("kind", ["anthropic", "openai"])
@pytest.mark.parametrize("ill", [ill for ill in ILLS if ill not in {"ill-slow", "ill-cut"}])
def test_an_ill_is_survived_by_the_next(vendors, kind, ill):
    other = "openai" if kind == "anthropic" else "anthropic"
    answer = ask(f"{kind}/{ill}", f"{other}/well", settings=vendors)

    assert answer.route == f"{other}/well"
    assert answer.parsed.text == "The standing desk Nova costs 349 EUR."
    assert {call.status for call in answer.calls[:-1]} <= {"failed", "invalid"}


@pytest.mark.parametrize("streamed", [True], indirect=True)
@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_a_stream_that_is_cut_off_is_survived(vendors, kind):
    other = "openai" if kind == "anthropic" else "anthropic"
    answer = ask(f"{kind}/ill-cut", f"{other}/well", settings=vendors)

    assert answer.route == f"{other}/well"
    assert answer.calls[0].status == "failed"


@STREAMED
def test_a_slow_one_leaves_time_for_the_next(vendors):
    started = time.monotonic()
    answer = ask("anthropic/ill-slow", "openai/well", settings=vendors, seconds=3)

    assert answer.route == "openai/well"
    assert time.monotonic() - started < 3


def test_whoever_wants_to_be_left_alone_is(vendors):
    ask("anthropic/ill-429", "openai/well", settings=vendors)

    assert not breaker.permit("anthropic/ill-429").allowed
    assert breaker.permit("openai/well").allowed


@pytest.mark.parametrize("dead", [["anthropic"], ["openai"], ["compatible"], KINDS], ids=str)
def test_killing_any_one_loses_nothing(company, vendors, says, work, dead):
    """Their address answers nobody; the message is answered by who is left."""
    vendors.MODEL_ROUTES = {"*": [f"{kind}/well" for kind in [*dead, *KINDS]]}
    for kind in dead:
        setattr(vendors, f"{kind.upper()}_BASE_URL", "http://127.0.0.1:9/v1")
    says("How much does the standing desk Nova cost?")
    work()

    run = Run.objects.get()
    assert run.outcome == Run.Outcome.SENT, run.warnings
    assert "349" in run.draft
    assert run.sources
    assert {call.provider for call in run.model_calls.filter(status="ok")}.isdisjoint(dead)
