"""A company with a little knowledge, and conversations to think about."""

from itertools import count

import pytest
import respx

from channels_app.models import Message
from channels_app.services import connect, fresh_config
from channels_app.signals import message_received
from tenants.workspace.models import Profile
from tests.contracts.model_server import serving
from tests.factories import make_conversation, make_message

KNOWLEDGE = b"""# Desks

Our standing desk Nova costs 349 EUR. It carries 120 kg and comes in oak or white.

# Delivery

We deliver in Spain within 5 working days. Delivery is free from 100 EUR.

# Returns

You can return any product within 30 days. Write to returns@nova.example to start a return.

# Opening hours

Our showroom in Madrid is open Monday to Friday from 9:00 to 18:00.
"""


@pytest.fixture
def company(north, work):
    """North, answering at once, with its knowledge indexed."""
    from knowledge.services import add_document, index_document

    profile = Profile.current()
    profile.quiet_seconds = 0
    profile.confidence_gate = 0.5
    profile.languages = ["en", "es", "ar"]
    profile.about = "Nova Furniture sells standing desks."
    profile.save()
    document = add_document(title="Shop guide", source_name="guide.md", content=KNOWLEDGE)
    index_document(document_id=document.pk)
    return profile


@pytest.fixture
def claude(settings):
    """Anthropic's server, faked at the wire: says what it is told to say."""
    with serving() as server:
        settings.ANTHROPIC_API_KEY = "k"
        settings.ANTHROPIC_BASE_URL = server.url
        yield server


_accounts = count(7_000)


@pytest.fixture
def telegram(settings):
    """Telegram's server, faked at the wire: takes every message."""
    settings.ALLOW_PRIVATE_ADDRESSES = True  # nothing is dialled: respx stands in
    numbers = count(1)
    with respx.mock(assert_all_called=False) as mock:
        mock.post(url__startswith=settings.TELEGRAM_API_URL).mock(
            side_effect=lambda request: respx.MockResponse(
                200, json={"ok": True, "result": {"message_id": next(numbers)}}
            )
        )
        mock.route(host="127.0.0.1").pass_through()
        yield mock


@pytest.fixture
def thread(telegram):
    """Open a conversation on a connected channel."""

    def open_thread(**kwargs):
        config = fresh_config(platform="telegram", given={"token": "t0k"})
        connection = connect(
            platform="telegram", account_id=str(next(_accounts)), name="Bot", config=config
        )
        return make_conversation(connection=connection, **kwargs)

    return open_thread


@pytest.fixture
def says(thread, django_capture_on_commit_callbacks):
    """A contact writes: stored, the turn counted, and the agent told, as the inbox does it."""

    def write(text, conversation=None, **kwargs) -> Message:
        conversation = conversation or thread()
        conversation.refresh_from_db()
        conversation.turn_version += 1
        conversation.save(update_fields=["turn_version"])
        message = make_message(conversation=conversation, text=text, **kwargs)
        with django_capture_on_commit_callbacks(execute=True):
            message_received.send(sender=Message, message=message, change="new")
        return message

    return write
