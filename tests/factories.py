"""One function per model: the smallest valid row, everything else by keyword."""

from itertools import count

from channels_app.models import (
    ChannelConnection,
    Contact,
    Conversation,
    Message,
    id_index,
)
from config.simulator.mailhouse import MailHouse
from crm.models import CrmConnection, IncomingHook
from crm.services import open_hook
from leads.models import Lead
from tenants.accounts.models import User

_numbers = count(1)


def make_user(**kwargs) -> User:
    role = kwargs.get("role", "admin")
    defaults = {"email": f"{role}{next(_numbers)}@north.example", "password": "a long password 7"}
    return User.objects.create_user(**{**defaults, **kwargs})


def make_connection(**kwargs) -> ChannelConnection:
    platform = kwargs.get("platform", "telegram")
    defaults = {"platform": platform, "account_id": f"{next(_numbers)}", "name": "Shop bot"}
    return ChannelConnection.objects.create(**{**defaults, **kwargs})


def mailbox_config(house: MailHouse, *, user: str = "shop", **kwargs) -> dict[str, str]:
    """A mailbox at a post office of the tests."""
    return {
        "inbound": "imap",
        "imap_host": "127.0.0.1",
        "imap_port": str(house.imap_port),
        "imap_security": "none",
        "imap_user": user,
        "smtp_host": "127.0.0.1",
        "smtp_port": str(house.smtp_port),
        "smtp_security": "none",
        "smtp_user": user,
        **kwargs,
    }


def make_contact(**kwargs) -> Contact:
    return Contact.objects.create(**{"name": "Ada Byron", **kwargs})


def make_conversation(**kwargs) -> Conversation:
    thread = kwargs.pop("external_thread", f"{next(_numbers)}")
    if "connection" not in kwargs:
        kwargs["connection"] = make_connection()
    if "contact" not in kwargs:
        kwargs["contact"] = make_contact()
    return Conversation.objects.create(
        **{"external_thread": thread, "thread_index": id_index(thread), **kwargs}
    )


def make_message(**kwargs) -> Message:
    """Something a contact wrote."""
    conversation = kwargs.pop("conversation", None) or make_conversation()
    number = f"m{next(_numbers)}"
    defaults = {
        "direction": Message.Direction.IN,
        "author": Message.Author.CONTACT,
        "state": Message.State.RECEIVED,
        "text": "Hello",
        "external_id": number,
        "external_key": id_index(number),
    }
    return Message.objects.create(
        conversation=conversation, connection=conversation.connection, **{**defaults, **kwargs}
    )


def make_lead(**kwargs) -> Lead:
    """A lead nobody has understood anything of yet."""
    if "contact" not in kwargs:
        kwargs["contact"] = make_contact()
    return Lead.objects.create(**{"version": 1, **kwargs})


def make_crm(**kwargs) -> CrmConnection:
    kind = kwargs.get("kind", "hubspot")
    config = {
        "hubspot": {"token": "pat-test"},
        "webhook": {"base_url": "https://crm.example/hook", "secret": "whsec_" + "a" * 32},
        "pipedrive": {"token": "pd-test"},
        "salesforce": {
            "base_url": "https://acme.my.salesforce.com",
            "client_id": "3MVG9",
            "client_secret": "s3cret",
        },
    }[kind]
    return CrmConnection.objects.create(
        **{"kind": kind, "name": kind.title(), "config": config, **kwargs}
    )


def make_hook(**kwargs) -> IncomingHook:
    """A vendor's way back to the company we are in, at an address of its own."""
    given = {"kind": "calendly", "config": {"secret": "s3cret"}, **kwargs}
    return open_hook(**given)
