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
from tests.conftest import SHARED

PAYLOADS = SHARED / "payloads"
RESEND = "https://api.resend.com"
# What must come of a letter, by the kind in its name; "message" where it is not listed.
KINDS = {
    "abuse_report": {"opt_out"},
    "auto_reply": {"quiet"},
    "bounce": {"status"},
}
# Those of which something else comes, each with its reason.
LETTERS = {
    "bounce__mikel_raw_email_with_mimepart_without_content_type": "unsupported",  # delayed
    "bounce__mikel_report_422": "unsupported",  # delayed: the server goes on for five days
    "bounce__sisimai_lhost_fml_02": "message",  # a list's refusal, from an ordinary address
    "bounce__sisimai_lhost_gmail_06": "unsupported",  # delayed
    "bounce__sisimai_rfc3464_07": "unsupported",  # delayed
    "not_a_bounce__sisimai_rb_issue_368_bug": "quiet",  # says of itself that it is automatic
    "malformed__mikel_bad_date_header": "quiet",  # Precedence: junk
}
LISTS = {
    "attachment__flanker_message_external_body",
    "malformed__mikel_empty_in_reply_to",
    "multipart__flanker_apache_message_news_mime",
    "reply_quoted__flanker_from_encoding",
}
HOSTILE = {
    "email_auto_submitted_loop": "quiet",
    "email_empty": "rejected",  # nothing at all
    "email_from_group_syntax": "rejected",  # nobody signed
    "email_no_headers": "rejected",
    "email_ooo_no_headers": "quiet",
}
NO_SENDER = {
    "attachment__flanker_attached_pdf",
    "plain__mikel_example13",
    "plain__mikel_raw_email_incorrect_header",
}

pytestmark = pytest.mark.skipif(
    not PAYLOADS.exists(), reason="the recorded letters are not on this machine"
)


def letters(folder: str) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for file in sorted((PAYLOADS / folder).glob("*.eml")) if PAYLOADS.exists() else []:
        found.setdefault(file.stem.partition("__")[0], []).append(file)
    return found


def expected_of(name: str) -> set[str]:
    if name in NO_SENDER:
        return {"rejected"}
    if name in LISTS:
        return {"quiet"}
    one = LETTERS.get(name) or HOSTILE.get(name)
    return {one} if one else KINDS.get(name.partition("__")[0], {"message"})


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
    seen: set[str] = set()
    for name, event in found.items():
        wanted = expected_of(name)
        if event.outcome == "duplicate":  # recordings of one letter in several spellings
            assert wanted & seen
        else:
            assert event.outcome in wanted, f"{name}: {event.reason}"
        assert event.reason or event.outcome in {"message", "status"}
        seen |= wanted


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
    assert {event.outcome} == expected_of(file.stem), event.reason
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

SERVICES = {
    "amazon_ses_event__amazonsesnotificationste_click_event": "unsupported",
    "amazon_ses_event__amazonsesnotificationste_complaint_event": "opt_out",
    "amazon_ses_event__amazonsesnotificationste_delivery_event": "status",
    "amazon_ses_event__amazonsesnotificationste_multiple_bounce_event": "status",
    "amazon_ses_event__amazonsesnotificationste_open_event": "unsupported",
    "amazon_ses_event__amazonsesnotificationste_reject_event": "status",
    "amazon_ses_event__amazonsesnotificationste_rendering_failure_event": "status",
    "amazon_ses_event__amazonsesnotificationste_send_event": "status",
    "amazon_ses_inbound__amazonsesinboundtests_inbound_s3": "unsupported",  # lies in S3
    "amazon_ses_inbound__amazonsesinboundtests_inbound_s3_failure_message": "unsupported",
    "brevo_event__brevodeliverytestcase_blocked": "status",
    "brevo_event__brevodeliverytestcase_complaint": "opt_out",
    "brevo_event__brevodeliverytestcase_delivered_event": "status",
    "brevo_event__brevodeliverytestcase_error_email": "status",
    "brevo_event__brevodeliverytestcase_hard_bounce": "status",
    "brevo_event__brevodeliverytestcase_proxy_open_event": "unsupported",
    "brevo_event__brevodeliverytestcase_soft_bounce_event": "unsupported",
    "brevo_event__brevodeliverytestcase_spam": "opt_out",
    "brevo_event__brevodeliverytestcase_unique_opened_event": "unsupported",
    "brevo_event__brevodeliverytestcase_unique_proxy_open_event": "unsupported",
    "brevo_inbound__brevoinboundtestcase_envelope_attrs": "message",  # Return-Path names one
    "mailgun_event__mailgunlegacytestcase_alt_smtp_code": "status",
    "mailgun_event__mailgunlegacytestcase_invalid_mailbox": "status",
    "mailgun_event__mailgunlegacytestcase_metadata_key_conflicts": "unsupported",
    "mailgun_event__mailgunlegacytestcase_metadata_message_headers": "unsupported",
    "mailgun_event__mailgunlegacytestcase_misconfigured_inbound": "message",
    "mailgun_event__mailguntestcase_complained_event": "opt_out",
    "mailgun_event__mailguntestcase_delivery_status_is_none_event": "unsupported",
    "mailgun_event__mailguntestcase_failed_greylisted_event": "unsupported",
    "mailgun_event__mailguntestcase_failed_permanent_event": "status",
    "mailgun_event__mailguntestcase_failed_temporary_event": "unsupported",
    "mailgun_event__mailguntestcase_rejected_event": "status",
    "mailgun_inbound__mailguninboundtestcase_inbound_basics": "message",
    "mailgun_inbound__mailguninboundtestcase_misconfigured_tracking": "unsupported",
    "postmark_event__postmarkdeliverytestcase_bounce_event": "status",
    "postmark_event__postmarkdeliverytestcase_click_event": "unsupported",
    "postmark_event__postmarkdeliverytestcase_delivered_event": "status",
    "postmark_event__postmarkdeliverytestcase_open_event": "unsupported",
    "postmark_event__postmarkdeliverytestcase_resubscribe": "unsupported",
    "postmark_inbound__postmarkinboundtestcase_spammy_address": "message",
    "resend_api_receiving_email__anymail": "message",
    "resend_api_receiving_email__anymail_2": "message",
    "resend_api_receiving_email__anymail_3": "message",
    "resend_api_receiving_email__anymail_4": "message",
    "resend_event__resendtestcase_complained_event": "opt_out",
    "resend_event__resendtestcase_delivered_event": "status",
    "resend_event__resendtestcase_delivery_delayed_event": "unsupported",
    "resend_event__resendtestcase_opened_event": "unsupported",
    "resend_event__resendtestcase_sent_event": "status",
    "resend_inbound__resendinboundtestcase_attachments": "message",
    "resend_inbound__resendinboundtestcase_inbound_basics_parsed_fields": "message",
    "sendgrid_event__sendgriddeliverytestcase_delivered_event": "status",
    "sendgrid_event__sendgriddeliverytestcase_dropped_bounced": "status",
    "sendgrid_event__sendgriddeliverytestcase_dropped_unsubscribed_event": "status",
    "sendgrid_event__sendgriddeliverytestcase_open_event": "unsupported",
}  # fmt: skip


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
    assert event.outcome == SERVICES.get(file.stem, "rejected"), event.reason
