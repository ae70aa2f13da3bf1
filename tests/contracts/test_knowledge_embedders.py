"""What every embedder must keep, whichever it is. A remote one speaks to a stand-in on loopback."""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from knowledge.providers import EMBEDDERS, local
from knowledge.providers.base import DIMENSIONS
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    RateLimited,
    Rejected,
    Unavailable,
)

EVERY = list(EMBEDDERS)
REMOTE = [kind for kind in EVERY if EMBEDDERS.get(kind).is_remote]
TEXTS = ["Where is my order?", "¿Dónde está mi pedido?", "أين طلبي؟", "x" * 50_000, "", "\x00 \n"]


class Vendor(ThreadingHTTPServer):
    """Answers embeddings as OpenAI documents them; ``trouble`` is (status, body, headers)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked = []
        self.trouble = None


class Answering(BaseHTTPRequestHandler):
    server: Vendor

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        if self.server.trouble:
            self._answer(*self.server.trouble)
            return
        rows = [
            {"object": "embedding", "index": index, "embedding": vector(text, body["dimensions"])}
            for index, text in enumerate(body["input"])
        ]
        rows.reverse()  # the index says the order, not the place
        answer = {"object": "list", "model": body["model"], "data": rows}
        self._answer(200, {**answer, "usage": {"prompt_tokens": 1, "total_tokens": 1}}, {})

    def _answer(self, status, body, headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def vector(text, dimensions):
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
    return np.random.default_rng(seed).normal(size=dimensions).tolist()


@pytest.fixture
def vendor(settings):
    server = Vendor()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{server.server_port}/v1"
    settings.OPENAI_API_KEY = "sk-test"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", EVERY)
class TestEveryEmbedder:
    def test_gives_a_unit_vector_a_text_in_order(self, vendor, kind):
        embedder = EMBEDDERS.get(kind)()

        vectors = embedder.embed(TEXTS)

        assert vectors.shape == (len(TEXTS), DIMENSIONS)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
        assert np.allclose(vectors[1], embedder.embed([TEXTS[1]])[0], atol=1e-4)

    def test_nothing_is_nothing(self, vendor, kind):
        assert EMBEDDERS.get(kind)().embed([]).shape[0] == 0

    def test_names_its_space(self, vendor, kind):
        spaces = [EMBEDDERS.get(each).space for each in EVERY]
        assert len(set(spaces)) == len(spaces)

    def test_serves_many_threads_at_once(self, vendor, kind):
        embedder = EMBEDDERS.get(kind)()
        alone = embedder.embed(TEXTS[:3])

        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(lambda _: embedder.embed(TEXTS[:3]), range(12)))

        assert all(np.allclose(vectors, alone, atol=1e-4) for vectors in together)


@pytest.mark.parametrize("kind", REMOTE)
class TestEveryRemoteEmbedder:
    @pytest.mark.parametrize(
        ("status", "body", "headers", "error"),
        [
            (401, {"error": {"message": "no", "code": "invalid_api_key"}}, {}, CredentialsRejected),
            (403, {"error": {"message": "no"}}, {}, CredentialsRejected),
            (429, {"error": {"message": "slow"}}, {"Retry-After": "7"}, RateLimited),
            (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, {}, Rejected),
            (400, {"error": {"message": "bad"}}, {}, Rejected),
            (500, {"error": {"message": "oops"}}, {}, Unavailable),
            (503, b"<html>", {}, Unavailable),
            (200, b"not json", {}, Unavailable),
            (200, {"object": "list", "data": [], "model": "m"}, {}, Rejected),
        ],
    )
    def test_says_what_went_wrong(self, vendor, kind, status, body, headers, error):
        vendor.trouble = (status, body, headers)

        with pytest.raises(ProviderError) as caught:
            EMBEDDERS.get(kind)().embed(["hello"])

        assert type(caught.value) is error
        assert len(vendor.asked) == 1  # our patience is in tenants.jobs, not in the SDK
        if error is RateLimited:
            assert caught.value.retry_after == 7

    def test_nobody_there_may_heal(self, vendor, kind, settings):
        settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"

        with pytest.raises(Unavailable):
            EMBEDDERS.get(kind)().embed(["hello"])

    def test_without_a_key_it_does_not_ask(self, vendor, kind, settings):
        settings.OPENAI_API_KEY = ""

        with pytest.raises(CredentialsRejected):
            EMBEDDERS.get(kind)().embed(["hello"])
        assert vendor.asked == []

    def test_many_texts_are_several_requests(self, vendor, kind):
        texts = [f"text {number}" for number in range(300)]

        vectors = EMBEDDERS.get(kind)().embed(texts)

        assert vectors.shape == (300, DIMENSIONS)
        assert len(vendor.asked) == 3
        path, authorization, body = vendor.asked[0]
        assert path == "/v1/embeddings"
        assert authorization == "Bearer sk-test"
        assert body["dimensions"] == DIMENSIONS


def test_the_built_in_one_understands_three_languages():
    order, pedido, talab, pool = EMBEDDERS.get("local")().embed(
        [*TEXTS[:3], "The pool is on the roof."]
    )

    assert order @ pedido > 0.6 > order @ pool
    assert order @ talab > 0.5 > talab @ pool


def watch_computing(monkeypatch):
    """The texts that are really computed, as they come."""
    computed = []
    real = local._points

    def watched(texts):
        computed.append(texts)
        return real(texts)

    monkeypatch.setattr(local, "_points", watched)
    return computed


class TestLocal:
    def test_a_text_is_computed_once_for_all_who_ask_in_a_row(self, monkeypatch):
        computed = watch_computing(monkeypatch)
        embedder = EMBEDDERS.get("local")()

        first, second = (embedder.embed(["a text of this very test"]) for _ in range(2))

        assert len(computed) == 1
        assert np.array_equal(first, second)
        second[0, 0] = 1  # is nobody else's
        assert np.array_equal(first, embedder.embed(["a text of this very test"]))

    def test_what_was_computed_together_is_known_alone(self, monkeypatch):
        computed = watch_computing(monkeypatch)
        embedder = EMBEDDERS.get("local")()

        both = embedder.embed(["a message", "its question"])
        again = embedder.embed(["its question", "something else", "a message"])

        assert computed == [["a message", "its question"], ["something else"]]
        assert np.array_equal(both, again[[2, 0]])

    def test_what_is_long_is_not_remembered(self, monkeypatch):
        computed = watch_computing(monkeypatch)

        for _ in range(2):
            EMBEDDERS.get("local")().embed(["long " * local.REMEMBERED_LENGTH])

        assert len(computed) == 2
