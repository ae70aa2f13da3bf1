"""Accounts and people as each network would name them."""

import base64
import re
import secrets

from tenants.plugins.sandbox import Given

BASE = "https://sandbox.invalid"  # RFC 2606: a name that nobody will ever have
PEOPLE = "people.example"  # where the simulator's people have their letter boxes
PERSON = re.compile(r"\+?[0-9]{1,40}")
# What stands in front of a person's number, and who else is one, where it is no mere number.
PREFIXES = {"twilio": "+1", "twilio_whatsapp": "whatsapp:+1", "linkedin": "urn:li:person:"}
PERSONS = {
    "twilio_whatsapp": re.compile(r"whatsapp:\+[0-9]{1,30}"),
    "linkedin": re.compile(r"urn:li:person:[A-Za-z0-9_-]{1,40}"),
    "email": re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}@[a-z0-9][a-z0-9.-]{0,100}"),
}
PERSONS["form"] = PERSONS["email"]


def new_account(platform: str) -> Given:
    """An account as its network would have given us one, with what opens it."""
    digits = str(9_000_000_000_000 + secrets.randbelow(10**12))
    word = secrets.token_urlsafe(24)
    match platform:
        case "telegram":
            return Given(digits, f"{digits}:{word}", {})
        case "twilio" | "twilio_whatsapp":
            return Given(f"+{digits}", word, {"account_sid": f"AC{secrets.token_hex(16)}"})
        case "linkedin":
            return Given(digits, word, {"accepts_terms": "on"})
        case "email":
            by_resend = {"inbound": "resend", "outbound": "resend", "api_key": f"re_{word}"}
            secret = {"webhook_secret": _signing_secret()}
            return Given(f"desk-{digits}@sandbox.invalid", "", {**by_resend, **secret})
        case "custom":
            return Given(digits, f"{BASE}/hook/{digits}", {"secret": _signing_secret()})
        case "webchat" | "form":
            return Given(f"{platform}-{digits}", "", {})
    return Given(digits, word, {})


def new_person(platform: str) -> str:
    """Somebody who has never written, under the name that our rows will know them by."""
    digits = str(700_000_000 + secrets.randbelow(10**8))
    if platform in {"email", "form"}:
        return f"person-{digits}@{PEOPLE}"
    return PREFIXES.get(platform, "") + digits


def is_person(platform: str, name: str) -> bool:
    return bool(PERSONS.get(platform, PERSON).fullmatch(name))


def _signing_secret() -> str:
    """https://www.standardwebhooks.com/: base64, and marked as what it is."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
