"""HubSpot keeps what it was told; the models answer what they were asked for."""

import base64
import hashlib
import hmac
import json
import time

import anthropic
import httpx
import openai
import pytest
from anthropic.types import OutputConfigParam

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": ["support", "sales_inquiry", "spam"]},
        "language": {"enum": ["en", "es", "ar"]},
        "email": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "confidence": {"type": "number"},
        "inner": {"$ref": "#/$defs/Inner"},
    },
    "$defs": {"Inner": {"type": "object", "properties": {"quote": {"type": "string"}}}},
}


def hubspot(simulator, method, path, body=None, token="pat"):
    return httpx.request(
        method,
        f"{simulator.settings['HUBSPOT_API_URL']}{path}",
        json=body,
        headers={"authorization": f"Bearer {token}"} if token else {},
    )


def upsert(simulator, *emails, **properties):
    inputs = [
        {"id": email, "idProperty": "email", "properties": {"email": email, **properties}}
        for email in emails
    ]
    path = "/crm/v3/objects/contacts/batch/upsert"
    return hubspot(simulator, "POST", path, {"inputs": inputs})


def test_an_upsert_makes_then_changes_one_contact(simulator):
    first = upsert(simulator, "ana@example.com", city="Lima").json()["results"][0]
    second = upsert(simulator, "ANA@example.com", city="Quito").json()["results"][0]

    assert (first["new"], second["new"]) == (True, False)
    [contact] = simulator.objects()
    assert contact["properties"]["city"] == "Quito"
    assert contact["writes"] == 2


def test_one_bad_address_fails_alone(simulator):
    answer = upsert(simulator, "ana@example.com", "nonsense")

    assert answer.status_code == 207
    assert answer.json()["numErrors"] == 1
    assert len(simulator.objects()) == 1


def test_hubspot_refuses_what_it_documents(simulator):
    contact = {"properties": {"email": "ana@example.com"}}
    path = "/crm/v3/objects/contacts"

    assert hubspot(simulator, "POST", path, contact).status_code == 201
    assert hubspot(simulator, "POST", path, contact).json()["category"] == "CONFLICT"
    assert hubspot(simulator, "POST", path, contact, token="").status_code == 401
    assert upsert(simulator, "a@b.c", "a@b.c").status_code == 400
    assert upsert(simulator, *(f"p{n}@b.c" for n in range(101))).status_code == 400


def test_a_property_must_be_made_before_it_is_written(simulator):
    assert "PROPERTY_DOESNT_EXIST" in upsert(simulator, "a@b.c", own_score="7").text

    path = "/crm/v3/properties/contacts"
    made = hubspot(simulator, "POST", path, {"name": "own_score", "type": "number"})
    again = hubspot(simulator, "POST", path, {"name": "own_score", "type": "number"})

    assert (made.status_code, again.status_code) == (201, 409)
    assert upsert(simulator, "a@b.c", own_score="7").status_code == 200


def test_hubspot_says_when_to_come_back(simulator):
    simulator.fail("hubspot", status=429, retry_after=3)

    answer = upsert(simulator, "ana@example.com")

    assert answer.headers["retry-after"] == "3"
    assert answer.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "x-hubspot-ratelimit-remaining" in upsert(simulator, "ana@example.com").headers


def test_objects_are_found_and_linked(simulator):
    contact = upsert(simulator, "ana@example.com").json()["results"][0]["id"]
    body = {"properties": {"domain": "example.com"}}
    company = hubspot(simulator, "POST", "/crm/v3/objects/companies", body).json()["id"]

    link = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}"
    assert hubspot(simulator, "PUT", link).status_code == 200
    rule = {"propertyName": "email", "operator": "EQ", "value": "ana@example.com"}
    found = hubspot(
        simulator,
        "POST",
        "/crm/v3/objects/contacts/search",
        {"filterGroups": [{"filters": [rule]}]},
    ).json()
    assert found["total"] == 1


def test_a_hook_knows_a_standard_webhooks_signature(simulator):
    key = base64.b64encode(b"k" * 24).decode()
    simulator.account("custom", "crm", secret=f"whsec_{key}")
    body, moment = b'{"type":"lead.changed"}', str(int(time.time()))
    digest = hmac.new(b"k" * 24, f"msg_1.{moment}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": moment,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }

    right = httpx.post(simulator.hook_url("crm"), content=body, headers=headers)
    wrong = httpx.post(simulator.hook_url("crm"), content=body + b" ", headers=headers)

    assert (right.status_code, wrong.status_code) == (200, 401)
    assert [entry["status"] for entry in simulator.journal(kind="hook")] == [200, 401]


def ask(simulator, text, **more):
    client = openai.OpenAI(
        api_key="sk", base_url=simulator.settings["OPENAI_BASE_URL"], max_retries=0
    )
    return client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": text}], **more
    )


def test_openai_fills_the_schema_from_the_message(simulator):
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}

    answer = ask(simulator, "What is the price? ana@example.com", response_format=wanted)

    read = json.loads(answer.choices[0].message.content)
    assert read["intent"] == "sales_inquiry"
    assert read["email"] == "ana@example.com"
    assert read["inner"]["quote"].startswith("What is")
    assert answer.usage.prompt_tokens > 0
    assert simulator.journal(kind="model")[0]["model"] == "any"


def test_anthropic_answers_in_the_language_of_the_message(simulator):
    client = anthropic.Anthropic(
        api_key="k", base_url=simulator.settings["ANTHROPIC_BASE_URL"], max_retries=0
    )
    wanted: OutputConfigParam = {"format": {"type": "json_schema", "schema": SCHEMA}}

    answer = client.messages.create(
        model="any",
        max_tokens=100,
        messages=[{"role": "user", "content": "¿Cuánto cuesta? Quiero el precio"}],
        output_config=wanted,
    )

    assert json.loads(answer.content[0].text)["language"] == "es"


def test_models_stream_and_take_their_time(simulator):
    simulator.behave("openai", latency=0.2)
    started = time.monotonic()

    chunks = list(ask(simulator, "hello", stream=True))

    assert time.monotonic() - started >= 0.2
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "Thank you for your message."


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429}, openai.RateLimitError),
        ({"status": 500}, openai.InternalServerError),
        ({"status": 401}, openai.AuthenticationError),
        ({"kind": "refuse"}, openai.APIConnectionError),
    ],
)
def test_models_fail_as_documented(simulator, fault, error):
    simulator.fail("openai", **fault)

    with pytest.raises(error):
        ask(simulator, "hello")


def test_embeddings_are_steady_and_near_for_shared_words(simulator):
    client = openai.OpenAI(api_key="sk", base_url=simulator.settings["OPENAI_BASE_URL"])

    def near(one, other):
        return sum(a * b for a, b in zip(one.embedding, other.embedding, strict=True))

    texts = ["red shoes", "red shoes", "shoes in red", "tax law"]
    same, again, close, far = client.embeddings.create(model="e", input=texts, dimensions=512).data

    assert len(same.embedding) == 512
    assert near(same, again) > near(same, close) > near(same, far)


def test_a_reply_stands_on_the_source_it_names(simulator):
    fields = {
        "text": {"type": "string"},
        "source": {"type": "integer"},
        "quote": {"type": "string"},
    }
    sentence = {"type": "object", "properties": fields}
    schema = {
        "type": "object",
        "properties": {
            "grounded": {"type": "boolean"},
            "sentences": {"type": "array", "items": sentence},
        },
    }
    prompt = (
        '<source number="1" title="Shop">We open at nine.</source>\n'
        '<source number="2" title="Prices">City bikes. The city bike costs 490 euros.</source>\n'
        "<contact>What does the city bike cost?</contact>"
    )
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    answer = ask(simulator, prompt, response_format=wanted)

    read = json.loads(answer.choices[0].message.content)
    assert read["grounded"] is True
    assert read["sentences"][0]["source"] == 2
    assert read["sentences"][0]["quote"] == "The city bike costs 490 euros."
