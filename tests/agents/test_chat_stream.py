"""The chat's answer, sentence by sentence: nothing is said that was not checked."""

import json
from contextlib import asynccontextmanager

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.chat_stream import ChatStreams
from agents.guardrails.arriving import Arriving
from agents.models import ChatTurn
from agents.refusals import REFUSALS
from agents.services import answer_question
from agents.services.speaking import Speaker
from tenants import context
from tenants.services import create_api_key
from tests.contracts.model_server import Said
from tests.live_server import aside as aside
from tests.live_server import serving as live

PRICE = {
    "text": "Nova costs 349 EUR.",
    "source": 1,
    "quote": "Our standing desk Nova costs 349 EUR.",
}
WOOD = {"text": "It comes in oak or white.", "source": 1, "quote": "comes in oak or white"}
LIE = {"text": "It costs 99 EUR today.", "source": 1, "quote": "It costs 99 EUR today."}
HELLO = {"text": "Hello!", "source": 0, "quote": ""}


def streamed(*sentences, grounded=True, cut=False):
    """An answer of Claude's in small pieces, as the vendor streams it."""
    text = json.dumps({"grounded": grounded, "sentences": list(sentences)})
    usage = {"input_tokens": 40, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
    events = [
        {"type": "message_start", "message": {**message, "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text[at : at + 7]},
            }
            for at in range(0, len(text), 7)
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 9},
        },
        {"type": "message_stop"},
    ]
    kept = events[:-3] if cut else events
    body = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in kept)
    return Said(body=body, content_type="text/event-stream")


@pytest.fixture
def ask(company):
    """Ask, and give every event that was told."""

    def question(text="How much is Nova?", **kwargs):
        told = []
        speaker = Speaker(lambda name, data: told.append((name, data)))
        answer_question(question=text, speaker=speaker, **kwargs)
        return told

    return question


def said(told):
    return [data["text"] for name, data in told if name == "sentence"]


def kinds(told):
    return [name for name, _ in told]


def test_each_sentence_is_told_with_its_source_and_the_whole_at_the_end(ask, claude):
    claude.say(streamed(PRICE, WOOD))

    told = ask()

    assert kinds(told) == ["start", "sentence", "sentence", "done"]
    assert said(told) == [PRICE["text"], WOOD["text"]]
    source = told[1][1]["source"]
    assert (source["title"], source["quote"]) == ("Shop guide", PRICE["quote"])
    assert told[-1][1]["answer"] == f"{PRICE['text']} {WOOD['text']}"
    assert claude.asked[-1]["stream"] is True


def test_sentences_are_told_before_the_answer_is_whole(company, claude):
    """The line goes dead after the sentences: they were told, and then taken back."""
    claude.say(streamed(PRICE, cut=True))
    told = []

    answer_question(question="How much is Nova?", speaker=Speaker(lambda n, d: told.append((n, d))))

    assert kinds(told)[:3] == ["start", "sentence", "restart"]
    assert told[-1][0] == "done"
    assert said(told)[0] == PRICE["text"]


def test_an_unverified_sentence_is_never_told(ask, claude):
    claude.say(streamed(PRICE, LIE, WOOD))

    told = ask()

    assert not [text for text in said(told) if "99" in text]
    assert "99" not in told[-1][1]["answer"]


def test_what_is_told_after_a_restart_is_the_answer(ask, claude):
    claude.say(streamed(PRICE, LIE), streamed(WOOD))

    told = ask()

    after = told[max(i for i, kind in enumerate(kinds(told)) if kind in {"start", "restart"}) :]
    assert " ".join(said(after)) == told[-1][1]["answer"]


def test_a_greeting_waits_until_something_is_known(ask, claude):
    claude.say(streamed(HELLO, LIE))

    told = ask()

    assert "Hello!" not in said(told)
    assert told[-1][1]["refused"] or "99" not in told[-1][1]["answer"]


def test_what_is_not_grounded_is_refused_with_the_exact_sentence(ask, claude):
    claude.say(streamed(PRICE, grounded=False))

    told = ask()

    assert said(told) == [REFUSALS["en"]]
    assert told[-1][1]["refused"] is True


def test_the_offline_engine_speaks_too(ask):
    told = ask("Can I return a product?")

    assert kinds(told)[0] == "start"
    assert "30 days" in " ".join(said(told))


def test_a_session_is_its_askers_own(company):
    answer_question(question="How much is Nova?", session_id="1", asked_by="key:a")

    answer_question(question="and in oak?", session_id="1", asked_by="key:b")

    assert ChatTurn.objects.filter(session_id="1", asked_by="key:a").count() == 1
    assert ChatTurn.objects.get(asked_by="key:b").session_id == "1"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_sentences_arrive_the_same_however_they_are_cut(cuts):
    text = json.dumps({"grounded": True, "sentences": [PRICE, {"text": '} "{ \\ é'}, WOOD]})
    arriving, found, at = Arriving(), [], 0
    for cut in [*cuts, len(text)]:
        found += arriving.feed(text[at : at + cut])
        at += cut
    assert found == [PRICE, {"text": '} "{ \\ é'}, WOOD]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"sentences": [{}]}', '{"grounded": true, "sentences": 7', "x" * 300_000]
)
def test_what_is_no_answer_gives_nothing(text):
    arriving = Arriving()
    assert [
        one for at in range(0, len(text), 999) for one in arriving.feed(text[at : at + 999])
    ] == []


# -- over HTTP


@pytest.fixture
def post(aside, monkeypatch):
    """Post to the stream, and read it to its end."""

    def ask(key, body, host="north.localhost", method="POST"):
        async def both():
            streams = ChatStreams()
            monkeypatch.setattr(streams, "_pool", aside)
            async with live(streams) as port, client(port, key, host) as http:
                answer = await http.request(method, "/api/v1/chat/stream/", content=body)
                return answer.status_code, answer.headers, answer.text

        return aside(both())

    return ask


@asynccontextmanager
async def client(port, key, host):
    headers = {"Host": host, "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
        yield http


def events_of(text):
    frames = [
        frame.split("\n") for frame in text.strip().split("\n\n") if not frame.startswith(":")
    ]
    return [
        (kind.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for kind, data in frames
    ]


@pytest.fixture
def key(north):
    return create_api_key(name="site", role="agent")[1]


def test_over_http_the_answer_comes_as_events_and_is_remembered(post, company, claude, key):
    claude.say(streamed(PRICE))

    status, headers, text = post(
        key, json.dumps({"query": "How much is Nova?", "session_id": "s1"})
    )

    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    told = events_of(text)
    assert kinds(told) == ["start", "sentence", "done"]
    assert told[0][1]["session_id"] == "s1"
    assert told[-1][1]["sources"][0]["quote"] == PRICE["quote"]
    turn = ChatTurn.objects.get(session_id="s1")
    assert turn.asked_by.startswith("key:")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ('{"query": ""}', 422),
        ('{"query": "x", "session_id": "a b"}', 422),
        ("x" * 70_000, 413),
    ],
)
def test_what_cannot_be_asked_is_a_problem(post, company, key, body, status):
    answered, headers, text = post(key, body)

    assert answered == status
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(text)["status"] == status


def test_only_those_who_may_ask_are_answered(post, company, south):
    body = json.dumps({"query": "How much is Nova?"})
    narrow = create_api_key(name="x", role="admin", scopes=["leads:write"])[1]
    with context.inside(south):
        theirs = create_api_key(name="x", role="admin")[1]

    assert post("x", body)[0] == 401
    assert post(narrow, body)[0] == 403
    assert post(theirs, body)[0] == 401
    told = events_of(post(theirs, body, host="south.localhost")[2])
    assert told[-1][1]["refused"] is True  # south knows nothing of north's desks


def test_a_company_has_so_many_answers_at_once(post, company, key, monkeypatch):
    monkeypatch.setattr("agents.chat_stream.PER_COMPANY", 0)

    status, headers, _text = post(key, json.dumps({"query": "x"}))
    assert (status, headers["retry-after"]) == (429, "2")


def test_a_failure_is_told_and_not_hidden(post, company, key, monkeypatch):
    def fail(**kwargs):
        kwargs["speaker"].starts(session_id="s", language="en")
        raise ValueError("secret inside")

    monkeypatch.setattr("agents.chat_stream.answer_question", fail)

    _status, _headers, text = post(key, json.dumps({"query": "x"}))

    assert kinds(events_of(text)) == ["start", "problem"]
    assert "secret" not in text
