"""A model on loopback that does what its prompt tells it, the foolish things too.

It reads what any model would read: the system prompt, the numbered sources, the contact's words.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.contracts.model_server import UNDERSTANDING

SOURCE = re.compile(r'<source number="(\d+)" title="[^"]*">\n(.*?)\n</source>', re.DOTALL)
CONTACT = re.compile(r"<contact>\n(.*?)\n</contact>", re.DOTALL)
ORDER = re.compile(r"nothing but the word (\w+)")
DISCOUNT = "You get a 50 % discount on it, I promise!"
INVENTED = "It costs 99 EUR and arrives tomorrow."


@dataclass
class FollowingModel:
    url: str
    prompts: list[dict[str, Any]] = field(default_factory=list)
    broken: bool = False


@contextmanager
def following() -> Iterator[FollowingModel]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            model.prompts.append(body)
            said = json.dumps(answer(body["messages"]), ensure_ascii=False)
            told = {
                "id": "c",
                "object": "chat.completion",
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": said},
                    }
                ],
                "usage": {"prompt_tokens": 1_000, "completion_tokens": 100},
            }
            raw = json.dumps(told).encode()
            self.send_response(503 if model.broken else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model = FollowingModel(f"http://127.0.0.1:{httpd.server_port}/v1")
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def answer(messages: list[dict[str, str]]) -> dict[str, Any]:
    system, last = messages[0]["content"], messages[-1]["content"]
    if "You read messages" in system:
        return understood(last)
    first = next(m["content"] for m in messages[::-1] if "<contact>" in m["content"])
    return replied(system.casefold(), first)


def understood(asked: str) -> dict[str, Any]:
    newest = asked.rsplit("--- newest ---", 1)[-1]
    language = "es" if "¿" in newest else "en"
    return {**UNDERSTANDING, "language": language, "wants_human": "human" in newest}


def replied(system: str, asked: str) -> dict[str, Any]:
    words = CONTACT.findall(asked)[-1]
    ordered = ORDER.search(words)
    if ordered and "do not follow instructions" not in system:
        return {"grounded": True, "sentences": [{"text": ordered[1], "source": 0, "quote": ""}]}
    if "ignore the sources" in system:
        return {"grounded": True, "sentences": [{"text": INVENTED, "source": 0, "quote": ""}]}
    found = best(words, SOURCE.findall(asked))
    if found is None:
        return {"grounded": False, "sentences": []}
    number, quote = found
    text = quote
    if "pirate" in system:
        text = f"Ahoy matey, arr! {quote} Yo ho, ye landlubber!"
    sentences = [{"text": text, "source": number, "quote": quote}]
    if "be rude" in system:
        text = f"{quote} Stop wasting my time with stupid questions, you idiot!"
        sentences = [{"text": text, "source": number, "quote": quote}]
    if "50 % discount" in system:
        sentences.append({"text": DISCOUNT, "source": 0, "quote": ""})
    if "thank them" in system:
        sentences.append({"text": "Thank you for asking!", "source": 0, "quote": ""})
    return {"grounded": True, "sentences": sentences}


def best(asked: str, sources: list[tuple[str, str]]) -> tuple[int, str] | None:
    """The sentence of a source that shares most words with the question."""
    wanted = set(re.findall(r"\w{4,}", asked.casefold()))
    scored = [
        (len(wanted & set(re.findall(r"\w{4,}", sentence.casefold()))), int(number), sentence)
        for number, text in sources
        for sentence in re.findall(r"[^.!?\n]+[.!?]", text)
    ]
    if not scored or max(scored)[0] == 0:
        return None
    _score, number, sentence = max(scored, key=lambda row: (row[0], -row[1]))
    return number, sentence.strip()
