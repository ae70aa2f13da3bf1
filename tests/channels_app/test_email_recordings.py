"""Every recorded and every hostile letter we have, through the poller; every service's webhook,
through HTTP: each is taken, none is lost, each has an outcome."""

import json
from email.message import EmailMessage
from pathlib import Path

import pytest
import respx
from django.utils import timezone

from channels_app import services
from channels_app.mail.replies import own_words
from channels_app.models import ChannelConnection, InboundEvent, Message
from channels_app.wire import key_of
from config.simulator.mailhouse import MailHouse
from tests.channels_app.expected_outcomes import expected_of
from tests.conftest import SHARED

PAYLOADS = SHARED / "payloads"
RESEND = "https://api.resend.com"
pytestmark = pytest.mark.skipif(
    not PAYLOADS.exists(), reason="the recorded letters are not on this machine"
)


def letters(folder: str) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for file in sorted((PAYLOADS / folder).glob("*.eml")) if PAYLOADS.exists() else []:
        found.setdefault(file.stem.partition("__")[0], []).append(file)
    return found


@pytest.fixture
def read_all(north, work, settings):
    """Put letters into a mailbox and look until all are read; outcome by file name."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    with MailHouse() as house:
        config = {
            "inbound": "imap",
            "imap_host": "127.0.0.1",
            "imap_port": house.imap_port,
            "imap_security": "none",
            "imap_user": "shop",
            "imap_password": house.password,
        }
        services.connect(platform="email", account_id="shop@north.example", config=config)

        def read(files: list[Path]) -> dict[str, InboundEvent]:
            for file in files:
                house.folder.put(file.read_bytes())
            for _ in range(len(files) // 25 + 1):
                ChannelConnection.objects.update(poll_due_at=timezone.now())
                services.ring_due_polls()
                work()
            events = {event.key: event for event in InboundEvent.objects.all()}
            found = {file.stem: key_of("imap", file.read_bytes().hex()) for file in files}
            # An empty letter is no letter to IMAP: there is nothing to fetch.
            return {name: events[key] for name, key in found.items() if key in events}

        yield read


@pytest.mark.parametrize("kind", list(letters("email")))
def test_recorded_letters(kind, read_all):
    files = letters("email")[kind]
    found = read_all(files)
    assert set(found) == {file.stem for file in files}
    by_name = {file.stem: file for file in files}
    for name, event in found.items():
        assert {event.outcome} == expected_of(by_name[name]), f"{name}: {event.reason}"
        assert event.reason or event.outcome in {"message", "status"}


@pytest.mark.parametrize(
    "file", [pytest.param(f, id=f.stem) for f in letters("hostile").get("email_empty", [])]
)
def test_an_empty_letter_leaves_no_trace_and_harms_nobody(file, read_all):
    assert read_all([file]) == {}
    assert ChannelConnection.objects.get().health == "ok"


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=file.stem)
        for files in letters("hostile").values()
        for file in files
        if file.stem != "email_empty"
    ],
)
def test_hostile_letters(file, read_all):
    [event] = read_all([file]).values()
    assert {event.outcome} == expected_of(file), event.reason
    for message in Message.objects.all():
        assert message.text or message.attachments or file.stem == "email_only_headers"
        assert message.conversation.connection.platform == "email"


# -- bodies only: what of them somebody wrote

LOREM = "Fusce sed odio id arcu varius aliquet nec nec nibh."


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=file.stem.partition("__")[2])
        for file in sorted((PAYLOADS / "email").glob("reply_body_text__*.txt"))
    ]
    if PAYLOADS.exists()
    else [],
)
def test_quoted_text_and_signatures_are_cut_off(file):
    text = file.read_text(errors="replace")
    words = own_words(text).text
    assert words
    assert len(words) <= len(text)
    assert not any(line.startswith(">") for line in words.split("\n"))
    if LOREM in text and "crisp_email_21" not in file.stem and "crisp_email_15" not in file.stem:
        assert words.endswith(LOREM)


def in_letters(bodies: str, folder: Path, *, subtype: str) -> list[Path]:
    """Recorded bodies, each in a letter of its own."""
    files = []
    for body in sorted((PAYLOADS / "email").glob(bodies)):
        letter = EmailMessage()
        letter["From"] = f"{body.stem.rpartition('__')[2]}@customer.example"
        letter["To"] = "shop@north.example"
        letter["Message-ID"] = f"<{body.stem}@customer.example>"
        letter.set_content(body.read_text(errors="replace"), subtype=subtype)
        files.append(folder / f"{body.stem}.eml")
        files[-1].write_bytes(letter.as_bytes())
    return files


def test_bodies_of_text_arrive_as_what_somebody_wrote(read_all, tmp_path):
    files = in_letters("reply_body_text__*.txt", tmp_path, subtype="plain")

    found = read_all(files)

    assert {event.outcome for event in found.values()} == {"message"}
    assert len(found) == len(files) > 50
    said = Message.objects.filter(direction=Message.Direction.IN)
    bodies = sorted((PAYLOADS / "email").glob("reply_body_text__*.txt"))
    written = [own_words(body.read_text(errors="replace")).text for body in bodies]
    assert sorted(message.text for message in said) == sorted(written)


def test_what_clients_quote_in_html_is_cut_off(read_all, tmp_path):
    """Of six mail programs."""
    files = in_letters("reply_html_body__*.html", tmp_path, subtype="html")

    found = read_all(files)

    assert {event.outcome for event in found.values()} == {"message"}
    assert len(found) == len(files) == 6
    said = Message.objects.filter(direction=Message.Direction.IN)
    assert {message.text for message in said} == {"Hi. I am fine."}


# -- services


def webhooks() -> list:
    if not PAYLOADS.exists():
        return []
    return [
        pytest.param(file, id=file.stem)
        for file in sorted((PAYLOADS / "email_provider").glob("*.json"))
    ]


@pytest.mark.parametrize("file", webhooks())
def test_webhooks_of_the_services(file, knock, work):
    config = {"inbound": "postmark", "webhook_secret": "s3cret", "api_key": "re_1"}
    connection = services.connect(platform="email", account_id="shop@north.example", config=config)
    assert knock(connection, file.read_bytes(), headers={}).status_code == 403
    assert knock(connection, file.read_bytes()).status_code == 200
    whole = (PAYLOADS / "email_provider" / "resend_api_receiving_email__anymail.json").read_bytes()
    with respx.mock(base_url=RESEND, assert_all_called=False) as resend:
        resend.get(path__startswith="/emails/receiving/").respond(json=json.loads(whole))
        work()
    [event] = InboundEvent.objects.filter(connection=connection)
    # A service that we do not speak (SparkPost) is unreadable, and visible as such.
    assert {event.outcome} == expected_of(file), event.reason
