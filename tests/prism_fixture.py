"""Prism, which refuses a request that does not fit its vendor's published schema.

``.ci/run`` brings it where Node is. One process a schema, started when first asked for, kept for
the session. What it answers is an example from the schema: often no use to us, so that it is the
request that is judged, by the status it got.
"""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tenants.plugins import http
from tenants.plugins.errors import ProviderError

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT.parent / "shared" / "specs"
# What a vendor documents and none of its published schemas at hand describes, in our own words.
OURS = ROOT / "tests" / "fixtures" / "specs"
# One mock for all that a CRM's provider asks; Pipedrive has two versions of its API.
CRM_SCHEMAS = {
    "hubspot": (
        "hubspot-contacts.v3",
        "hubspot-companies.v3",
        "hubspot-deals.v3",
        "hubspot-notes.v3",
        "hubspot-associations.v4",
        "hubspot-properties.v3",
        "hubspot-crmOwners.v3",
        "hubspot-account",
    ),
    "pipedrive-v1": ("pipedrive-v1", "pipedrive-users"),
    "pipedrive-v2": ("pipedrive-v2",),
    "salesforce": ("salesforce", "salesforce-sessions"),
}
# As .ci/run installs it, and as ``npm install @stoplight/prism-cli`` does.
PLACES = (ROOT / "var" / "node" / "node_modules" / ".bin", ROOT / "node_modules" / ".bin")
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Judged:
    """A request of ours and what the schema says about it."""

    method: str
    path: str
    status: int
    said: str


@dataclass(slots=True)
class Judge:
    """Does something at a vendor's mock and tells what the mock made of it.

    ``answers``: what to hear instead of an example that leads nowhere, by method and path.
    """

    judged: list[Judged] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)

    def taken(self, deed: Callable[[], object]) -> list[str]:
        """Method and path of each request that the deed made; fails if one was refused.

        What we make of the schema's example answer is no matter here.
        """
        self._do(deed)
        refused = [each for each in self.judged if each.status >= 400]
        assert not refused, "\n".join(map(str, refused))
        return [f"{each.method} {each.path}" for each in self.judged]

    def unknown(self, deed: Callable[[], object]) -> str:
        """The path of the one request, which the schema must not know; a newer one may."""
        self._do(deed)
        [one] = self.judged
        assert one.status == 404, one
        assert "NO_PATH_MATCHED" in one.said, one
        return one.path

    def _do(self, deed: Callable[[], object]) -> None:
        self.judged.clear()
        with suppress(ProviderError):
            deed()

    def hear(self, method: str, url: str, response: httpx.Response) -> httpx.Response:
        path = urlsplit(url).path
        said = response.headers.get("sl-violations") or response.text[:600]
        self.judged.append(Judged(method, path, response.status_code, said))
        answer = self.answers.get(f"{method} {path}")
        return response if answer is None else httpx.Response(200, json=answer)


@pytest.fixture(scope="session")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """``prism("telegram")``: where the mock of that schema is."""
    folder = tmp_path_factory.mktemp("schemas")
    if not SPECS.exists():
        pytest.skip(f"the vendors' published schemas are not at {SPECS}")
    program = next(filter(None, (shutil.which("prism", path=str(each)) for each in PLACES)), None)
    program = program or shutil.which("prism")
    if program is None:
        pytest.skip("Prism is not installed; .ci/run installs it where Node is")
    running: dict[str, str] = {}
    with ExitStack() as stack:

        def address(*specs: str) -> str:
            """Of the mock of one schema, or of several that are one vendor's."""
            name = "+".join(specs)
            if name not in running:
                [first, *others] = [_file_of(spec) for spec in specs]
                spec = _joined([first, *others], folder) if others else first
                running[name] = _start(program, spec, stack)
            return running[name]

        yield address


@pytest.fixture
def judge(monkeypatch, settings) -> Judge:
    """Hears every answer before the provider does."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    judge, exchange = Judge(), http.exchange

    def heard(method: str, url: str, **rest: object) -> httpx.Response:
        return judge.hear(method, url, exchange(method, url, **rest))

    monkeypatch.setattr(http, "exchange", heard)
    return judge


def _file_of(spec: str) -> Path:
    """Ours first: none of them is called as a vendor's is."""
    ours = OURS / f"{spec}.json"
    return ours if ours.exists() else SPECS / f"{spec}.json"


def _joined(specs: Sequence[Path], folder: Path) -> Path:
    """One schema of several, the parts of each under names of their own: one process less each."""
    whole: dict[str, Any] = {"paths": {}, "components": {}}
    for number, spec in enumerate(specs):
        text = spec.read_text()
        own = json.loads(text)["components"]
        for kind in own:
            text = text.replace(f'"#/components/{kind}/', f'"#/components/{kind}/of{number}_')
        document = json.loads(text)
        whole = {**document, **whole}
        whole["paths"] |= document["paths"]
        for kind, parts in document["components"].items():
            named = {f"of{number}_{name}": part for name, part in parts.items()}
            whole["components"].setdefault(kind, {}).update(
                parts if kind == "securitySchemes" else named
            )
    file = folder / f"{specs[0].stem}-and-{len(specs) - 1}.json"
    file.write_text(json.dumps(whole))
    return file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(program: str, spec: Path, stack: ExitStack) -> str:
    port = free_port()
    command = [program, "mock", "-h", "127.0.0.1", "-p", str(port), str(spec)]
    process = stack.enter_context(
        subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    )
    stack.callback(process.terminate)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    pytest.fail(f"Prism does not serve {spec.name}")
