"""How Meta's Graph API says no."""

import secrets
from typing import Any

from config.simulator.wire import Answer

# code -> HTTP status, message. https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
# and https://developers.facebook.com/docs/messenger-platform/error-codes
ERRORS = {
    4: (400, "Application request limit reached"),
    10: (400, "This message is sent outside of allowed window."),
    100: (400, "Invalid parameter"),
    190: (401, "Error validating access token: Session has expired"),
    200: (403, "Requires pages_messaging permission to manage the object"),
    368: (403, "Temporarily blocked for policies violations"),
    551: (400, "This person isn't available right now."),
    613: (400, "Calls to this api have exceeded the rate limit."),
    10900: (400, "Activity already replied to"),
    10903: (400, "This user can't reply to this activity"),
    80007: (400, "Rate limit issues"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    131026: (400, "Message undeliverable"),
    131031: (403, "Business Account locked"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Message not delivered to maintain healthy ecosystem engagement"),
    131050: (400, "User has stopped marketing messages"),
    131009: (400, "Parameter value is not valid"),
    132001: (404, "Template name does not exist in the translation"),
    132015: (400, "Template is paused"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
}
SUBCODES = {10: 2018278, 190: 463}


def graph_error(code: int, message: str = "", *, status: int = 0, subcode: int = 0) -> Answer:
    """The documented body for a code."""
    usual, text = ERRORS.get(code, (400, "Error"))
    error: dict[str, Any] = {
        "message": f"(#{code}) {message or text}",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": trace(),
    }
    if subcode := subcode or SUBCODES.get(code, 0):
        error["error_subcode"] = subcode
    if code > 100_000:
        error["error_data"] = {"messaging_product": "whatsapp", "details": message or text}
    return Answer({"error": error}, status or usual, note={"code": code})


def trace() -> str:
    return secrets.token_urlsafe(8)
