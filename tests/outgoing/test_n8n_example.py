"""The n8n workflow we give away: it can be imported, holds no secrets, and knows our deliveries."""

import base64
import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from leads.announcements import HOT
from tenants.outgoing.events import example_of
from tenants.outgoing.signing import new_secret, signed_headers
from tenants.services import create_api_key
from tests.factories import make_lead

FILE = Path(__file__).resolve().parents[2] / "examples" / "n8n-hot-leads.json"
NODE = shutil.which("node")
# What n8n brings: https://github.com/n8n-io/n8n/tree/master/packages/nodes-base/nodes
KNOWN: dict[str, set[float]] = {
    "n8n-nodes-base.stickyNote": {1},
    "n8n-nodes-base.webhook": {1, 1.1, 2, 2.1},
    "n8n-nodes-base.code": {1, 2},
    "n8n-nodes-base.if": {1, 2, 2.1, 2.2, 2.3},
    "n8n-nodes-base.respondToWebhook": {1, 1.1, 1.2, 1.3, 1.4, 1.5},
    "n8n-nodes-base.httpRequest": {3, 4, 4.1, 4.2, 4.3},
    "n8n-nodes-base.noOp": {1},
}
# As n8n calls a Code node's text: a body of an async function, with its helpers as ``this``.
HARNESS = """
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const AsyncFunction = Object.getPrototypeOf(async function () {}).constructor;
const helpers = {getBinaryDataBuffer: async () => Buffer.from(given.body, 'base64')};
const $input = {first: () => ({json: {headers: given.headers}})};
const code = new AsyncFunction('$input', 'require', given.code);
code.call({helpers}, $input, require).then((found) => console.log(JSON.stringify(found)));
"""


@pytest.fixture(scope="module")
def workflow():
    return json.loads(FILE.read_text())


def named(workflow, name):
    return next(node for node in workflow["nodes"] if node["name"] == name)


def test_n8n_can_import_it(workflow):
    names = [node["name"] for node in workflow["nodes"]]
    assert len(set(names)) == len(names)
    for node in workflow["nodes"]:
        assert node["typeVersion"] in KNOWN[node["type"]], node["name"]
        assert len(node["position"]) == 2
        assert isinstance(node["parameters"], dict)
    reached = {"Webhook", "Read me first"}
    for name, outputs in workflow["connections"].items():
        assert name in names
        for target in [each for output in outputs["main"] for each in output]:
            assert (target["type"], target["index"]) == ("main", 0)
            assert target["node"] in names
            reached.add(target["node"])
    assert reached == set(names)
    assert workflow["active"] is False


def test_it_holds_nothing_of_anybodys(workflow):
    text = FILE.read_text()

    assert not re.search(r"whsec_[A-Za-z0-9+/]|lw_[a-z]+_[0-9a-f]{8}", text)
    for node in workflow["nodes"]:
        assert not {"id", "webhookId", "credentials"} & set(node)
    assert not {"id", "versionId", "meta"} & set(workflow)


def test_it_waits_for_the_raw_bytes_and_answers_for_itself(workflow):
    webhook = named(workflow, "Webhook")["parameters"]

    assert webhook["httpMethod"] == "POST"
    assert webhook["responseMode"] == "responseNode"
    assert webhook["options"] == {"rawBody": True}
    branches = workflow["connections"]["Is it from Leadwire?"]["main"]
    assert [each[0]["node"] for each in branches] == ["Taken", "Refused"]


@pytest.mark.skipif(NODE is None, reason="no Node here to run the Code node with")
@pytest.mark.parametrize(
    ("spoil", "is_ours"),
    [("nothing", True), ("body", False), ("time", False), ("secret", False), ("old secret", True)],
)
def test_its_code_knows_what_we_send(workflow, spoil, is_ours):
    secret, other = new_secret(), new_secret()
    body = json.dumps(example_of(HOT), ensure_ascii=False).encode()
    at = timezone.now() - timedelta(hours=1 if spoil == "time" else 0)
    keys = [other, secret] if spoil == "old secret" else [secret]
    headers = signed_headers(keys=keys, delivery_id="msg_1", at=at, body=body)
    code = named(workflow, "Verify the signature")["parameters"]["jsCode"]
    pasted = other if spoil == "secret" else secret
    assert "const SECRETS = [''];" in code
    given = {
        "code": code.replace("const SECRETS = [''];", f"const SECRETS = ['{pasted}'];"),
        "headers": headers,
        "body": base64.b64encode(body + (b" " if spoil == "body" else b"")).decode(),
    }

    said = subprocess.run(  # noqa: S603 (our own text)
        [str(NODE), "-e", HARNESS],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout

    (found,) = json.loads(said)
    assert found["json"]["isOurs"] is is_ours
    if is_ours:
        assert found["json"]["event"] == example_of(HOT)


def test_it_asks_for_what_our_api_takes(workflow, north):
    """The call of its last node, made as n8n would make it: twice, for one task."""
    lead = make_lead()
    request = named(workflow, "Add a task")["parameters"]
    path = "/" + request["url"].partition("://")[2].partition("/")[2]
    asked = re.findall(r"(\w+):", request["jsonBody"].partition("stringify({")[2])
    assert asked[:2] == ["lead", "title"]
    assert "due_at" in asked
    assert request["headerParameters"]["parameters"][0]["name"] == "Idempotency-Key"
    key = create_api_key(name="n8n", role="agent", scopes=["leads:write"])[1]
    program = Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})
    body = {"lead": lead.pk, "title": "Call Maria now", "due_at": "2026-05-04T10:30:00.000Z"}

    answers = [
        program.post(
            path, body, content_type="application/json", headers={"Idempotency-Key": "msg_1"}
        )
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert lead.tasks.count() == 1
