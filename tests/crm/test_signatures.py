"""Signatures of HubSpot, Calendly and Vapi, by vectors that others published."""

import base64
import json

import pytest

from crm import signatures
from tenants.plugins.errors import SignatureMismatch
from tests.conftest import SHARED

VECTORS = SHARED / "signatures" / "vectors.json"
OURS = ("hubspot", "calendly", "stripe", "vapi")


def vectors() -> list:
    if not VECTORS.exists():
        return []
    return [
        pytest.param(vector, id=f"{vector['scheme']}-{vector['name']}")
        for vector in json.loads(VECTORS.read_text())
        if vector["scheme"].startswith(OURS)
    ]


def check(vector: dict) -> None:
    headers, body = vector["headers"], base64.b64decode(vector["body_b64"])
    given = {"secret": vector["secret"], "body": body, "now": vector["verify_at_unix"] or 0}
    if vector["scheme"].startswith("hubspot"):
        url, method = vector["url"], vector["method"]
        signatures.check_hubspot(headers, url=url, method=method, **given)
    elif vector["scheme"].startswith("vapi"):
        signatures.check_vapi(headers, **given)
    else:
        names = ("Calendly-Webhook-Signature", "Stripe-Signature")
        claimed = next((headers[name] for name in names if name in headers), "")
        signatures.check_timestamped(claimed, **given)


@pytest.mark.skipif(not VECTORS.exists(), reason="the signature vectors are not on this machine")
@pytest.mark.parametrize("vector", vectors())
def test_every_vector_verifies_as_marked(vector):
    if vector["expect_valid"]:
        check(vector)
        changed = {**vector, "body_b64": base64.b64encode(b"something else").decode()}
        if vector["scheme"] not in {"vapi_secret", "vapi_bearer"}:  # they sign no body
            with pytest.raises(SignatureMismatch):
                check(changed)
        with pytest.raises(SignatureMismatch):
            check({**vector, "secret": "another"})
    else:
        with pytest.raises(SignatureMismatch):
            check(vector)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-HubSpot-Signature-v3": "é", "X-HubSpot-Request-Timestamp": "1000"},
        {"X-HubSpot-Signature-v3": "x", "X-HubSpot-Request-Timestamp": "٣"},
        {"X-HubSpot-Signature-v3": "x"},
        {"X-HubSpot-Signature": "x", "X-HubSpot-Signature-Version": "v9"},
    ],
)
def test_what_is_no_signature_is_refused_and_breaks_nothing(headers):
    with pytest.raises(SignatureMismatch):
        signatures.check_hubspot(
            headers, secret="s", method="POST", url="https://a.example/", body=b"{}", now=1
        )


@pytest.mark.parametrize("claimed", ["", "t=1", "v1=ab", "t=x,v1=ab", "t=1,v1=é", "=,=,=" * 400])
def test_timestamped_rubbish_is_refused(claimed):
    with pytest.raises(SignatureMismatch):
        signatures.check_timestamped(claimed, secret="s", body=b"{}", now=1)


def test_without_a_secret_nothing_verifies():
    with pytest.raises(SignatureMismatch):
        signatures.check_vapi({"X-Vapi-Secret": ""}, secret="", body=b"", now=0)
    with pytest.raises(SignatureMismatch):
        signatures.check_vapi({"Authorization": "Bearer "}, secret="", body=b"", now=0)
