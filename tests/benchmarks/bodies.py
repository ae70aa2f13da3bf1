"""One new message of one new person, as each network would bring it."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

ACCOUNT = "104500000000001"
TEXT = "Hello, how much is the city bike and do you deliver to Madrid?"


def _page(what: str) -> Callable[[str, int], Any]:
    def body(run: str, number: int) -> Any:
        return page_of(what, [page_item(run, number)])

    return body


def page_of(what: str, items: list[Any]) -> dict[str, Any]:
    now = int(time.time() * 1000)
    return {"object": what, "entry": [{"id": ACCOUNT, "time": now, "messaging": items}]}


def page_item(run: str, number: int, person: str = "") -> dict[str, Any]:
    return {
        "sender": {"id": person or f"{run}p{number}"},
        "recipient": {"id": ACCOUNT},
        "timestamp": int(time.time() * 1000),
        "message": {"mid": f"m_{run}_{number}", "text": TEXT},
    }


def _whatsapp(run: str, number: int) -> Any:
    message = {
        "from": f"346{number:08d}",
        "timestamp": str(int(time.time())),
        "id": f"wamid.{run}.{number}",
        "type": "text",
        "text": {"body": TEXT},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "34911000111", "phone_number_id": ACCOUNT},
        "messages": [message],
    }
    changes = [{"field": "messages", "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "5550", "changes": changes}]}


def _x(run: str, number: int) -> Any:
    data = {"text": TEXT, "entities": {}}
    event = {
        "type": "message_create",
        "id": f"{run}{number}",
        "created_timestamp": str(int(time.time() * 1000)),
        "message_create": {
            "target": {"recipient_id": ACCOUNT},
            "sender_id": f"{number}",
            "message_data": data,
        },
    }
    return {"for_user_id": ACCOUNT, "direct_message_events": [event]}


def _linkedin(run: str, number: int) -> Any:
    urn = f"urn:li:comment:(activity:71,{run}{number})"
    note = {
        "action": "COMMENT",
        "notificationId": int(f"{number}{abs(hash(run)) % 10_000:04d}"),
        "lastModifiedAt": int(time.time() * 1000),
        "organizationalEntity": f"urn:li:organization:{ACCOUNT}",
        "sourcePost": "urn:li:activity:71",
        "generatedActivity": urn,
        "decoratedGeneratedActivity": {
            "comment": {
                "owner": f"urn:li:person:p{number}",
                "text": TEXT,
                "entity": urn,
                "object": "urn:li:activity:71",
            }
        },
    }
    return {"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [note]}


def _tiktok(run: str, number: int) -> Any:
    content = {
        "type": "text",
        "message_id": f"m-{run}-{number}",
        "text": {"body": TEXT},
        "conversation_id": f"c-{number}",
        "timestamp": int(time.time() * 1000),
        "from_user": {"id": f"u-{number}", "role": "personal_account"},
        "to_user": {"id": ACCOUNT, "role": "business_account"},
    }
    return {
        "client_key": "app",
        "event": "im_receive_msg",
        "create_time": int(time.time()),
        "user_openid": ACCOUNT,
        "content": json.dumps(content),
    }


def _telegram(run: str, number: int) -> Any:
    chat = {"id": number + 1, "type": "private", "first_name": "Ada"}
    message = {
        "message_id": number + 1,
        "date": int(time.time()),
        "chat": chat,
        "from": {"id": number + 1, "is_bot": False, "first_name": "Ada"},
        "text": TEXT,
    }
    return {"update_id": int(f"{number}{abs(hash(run)) % 10_000:04d}"), "message": message}


def _email(run: str, number: int) -> Any:
    person = f"ada{number}@example.com"
    return {
        "From": person,
        "FromFull": {"Email": person, "Name": "Ada Byron", "MailboxHash": ""},
        "To": "shop@example.org",
        "Subject": "City bike",
        "MessageID": f"{run}-{number}",
        "Date": "Fri, 20 Nov 2026 10:00:00 +0100",
        "TextBody": TEXT,
        "HtmlBody": "",
        "Headers": [{"Name": "Message-ID", "Value": f"<{run}.{number}@mail.example.com>"}],
        "Attachments": [],
    }


def _twilio(run: str, number: int) -> Any:
    return {
        "MessageSid": f"SM{run}{number}",
        "AccountSid": "AC01",
        "From": f"+346{number:08d}",
        "To": "+15550001234",
        "Body": TEXT,
        "NumMedia": "0",
    }


def _twilio_whatsapp(run: str, number: int) -> Any:
    fields = _twilio(run, number)
    return {**fields, **{name: f"whatsapp:{fields[name]}" for name in ("From", "To")}}


def _webchat(run: str, number: int) -> Any:
    visitor = {"id": f"v-{run}-{number}"}
    event = {"type": "message", "id": f"{run}-{number}", "visitor": visitor, "text": TEXT}
    return {**event, "at": int(time.time())}


def _form(run: str, number: int) -> Any:
    person = {"name": "Ada Byron", "email": f"ada{number}@example.com"}
    return {"_id": f"{run}-{number}", **person, "message": TEXT}


def _custom(run: str, number: int) -> Any:
    sender = {"id": f"u{number}"}
    return {"type": "message", "id": f"{run}-{number}", "from": sender, "text": TEXT}


MAKERS: dict[str, Callable[[str, int], Any]] = {
    "messenger": _page("page"),
    "instagram": _page("instagram"),
    "whatsapp": _whatsapp,
    "x": _x,
    "linkedin": _linkedin,
    "tiktok": _tiktok,
    "telegram": _telegram,
    "email": _email,
    "twilio": _twilio,
    "twilio_whatsapp": _twilio_whatsapp,
    "webchat": _webchat,
    "form": _form,
    "custom": _custom,
}


FORMS = {"twilio", "twilio_whatsapp"}


def body(platform: str, run: str, number: int) -> bytes:
    made = MAKERS[platform](run, number)
    return (urlencode(made) if platform in FORMS else json.dumps(made)).encode()


def content_type(platform: str) -> str:
    return "application/x-www-form-urlencoded" if platform in FORMS else "application/json"
