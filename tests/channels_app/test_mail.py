"""Letters as plain values: any bytes are read, words survive, and it does not take long."""

import contextlib
import time
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.mail.markup import text_of
from channels_app.mail.notices import quiet_reason, report_of
from channels_app.mail.reading import read_mail
from channels_app.mail.replies import own_words
from channels_app.mail.writing import Letter, reply_subject, written
from channels_app.providers.email.bodies import read_form
from channels_app.providers.email.meaning import authenticated
from tenants.plugins.errors import PayloadRejected

# -- reading

PIECES = [
    b"From: a@example.com\r\n", b"From: \xff\xfe <b@example.com>\n",
    b"Subject: =?utf-8?q?=E9?=\r\n",
    b"Subject: =?x?b?!!?=\n", b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n",
    b"Content-Type: text/html; charset=x-unknown\r\n", b"Content-Type: message/rfc822\r\n",
    b"Content-Type: message/delivery-status\r\n", b"Content-Type: text/plain; charset=\"\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n",
    b"Content-Disposition: attachment; filename*=utf-8''%ff\r\n", b"\r\n--b\r\n", b"\r\n--b--\r\n",
    b"Date: Fri, 99 Nov 2026 99:00:00\r\n", b"Message-ID: <>\r\n", b"References: <a@b> <c@d>\r\n",
    b"In-Reply-To: x@y\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b"Action: failed\r\n",
    b"Final-Recipient: rfc822; a@b.example\r\n", b"begin 644 x\n#0V%T\n`\nend\n",
    b"<p>hi<blockquote>",
    b"Return-Path: <>\r\n", b"To: undisclosed:;\r\n", "\u202eكتب".encode(),
    b"=E9=\r\n", b" folded\r\n",
]  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=25).map(b"".join))
def test_any_bytes_are_a_letter(raw):
    mail = read_mail(raw)
    assert mail.message_id
    assert "\0" not in mail.text + mail.subject
    assert not any("\ud800" <= character <= "\udfff" for character in mail.text + mail.subject)
    assert read_mail(raw).message_id == mail.message_id
    own_words(mail.text)
    quiet_reason(mail)
    report = report_of(mail)
    assert report is None or report.action in {"failed", "delayed", "delivered", "complaint"}
    assert mail.sent_at is None or mail.sent_at.tzinfo


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_none(body):
    with contextlib.suppress(PayloadRejected):
        assert read_form(body).fields is not None


def test_a_form_keeps_a_raw_letter_byte_by_byte():
    raw = b"Subject: caf\xe9\r\n\r\nx"
    body = b'--q\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + raw + b"\r\n--q--\r\n"
    assert read_form(body).fields["email"].encode("utf-8", "surrogateescape") == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: " + b"a" * 3_000_000 + b"\r\n\r\nx",
        b"References: " + b"<a@b> " * 300_000 + b"\r\n\r\nx",
        b"To: " + b"a@b.example, " * 100_000 + b"\r\n\r\nx",
        b"\r\n\r\n" + b"> " * 500_000,
        b"\r\n\r\n" + b"On 1 " * 300_000,
        b"\r\n\r\n" + b"From: x\n" * 200_000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
        b"Content-Type: text/html\r\n\r\n" + b"<blockquote><!--" * 60_000,
        b"From: mailer-daemon@x.example\r\nSubject: Undelivered\r\n\r\n" + b"<a" * 300_000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000,
    ],
    ids=lambda raw: raw[:25].decode().strip(),
)
def test_nothing_takes_long(raw):
    began = time.thread_time()
    mail = read_mail(raw)
    report_of(mail)
    quiet_reason(mail)
    own_words(mail.text)
    _ = mail.references, mail.sender, mail.subject
    assert time.thread_time() - began < 5


# -- what somebody wrote themselves

INTRODUCTIONS = {
    "en": "On Fri, 20 Nov 2026 at 10:00, Shop <shop@north.example> wrote:",
    "en, in two lines": "On Fri, 20 Nov 2026 at 10:00, The Shop\n<shop@n.example> wrote:",
    "de": "Am 20.11.2026 um 10:00 schrieb Shop:",
    "es": "El vie, 20 nov 2026 a las 10:00, Shop (<shop@north.example>) escribió:",
    "fr": "Le ven. 20 nov. 2026 à 10:00, Shop <shop@north.example> a écrit :",
    "it": "Il giorno ven 20 nov 2026 alle ore 10:00 Shop <s@north.example> ha scritto:",
    "pt": "Em sex., 20 de nov. de 2026 às 10:00, Shop <s@north.example> escreveu:",
    "nl": "Op vr 20 nov 2026 om 10:00 schreef Shop <shop@north.example>:",
    "sv": "Den fre 20 nov. 2026 kl 10:00 skrev Shop <shop@north.example>:",
    "ar": "في الجمعة، 20 نوفمبر 2026 في 10:00 كتب Shop <shop@north.example>:",
    "ru": "пт, 20 нояб. 2026 г. в 10:00, Shop <shop@north.example>:",
    "pl": "pt., 20 lis 2026 o 10:00 Shop <shop@north.example> napisał(a):",
    "tr": "20 Kas 2026 Cum 10:00 tarihinde Shop <s@n.example> şunu yazdı:",
    "Outlook, en": "From: Shop\nSent: Friday, November 20, 2026\nTo: Ada\nSubject: RE: Rooms\n",
    "Outlook, de": "Von: Shop\nGesendet: Freitag, 20. November 2026\nAn: Ada\nBetreff: AW: x\n",
    "Outlook, es": "De: Shop\nEnviado: viernes, 20 de noviembre\nPara: Ada\nAsunto: RE: x\n",
    "Outlook, fr": "De : Shop\nEnvoyé : vendredi 20 novembre\nÀ : Ada\nObjet : RE: x\n",
    "Outlook, ar": "من: Shop\nتم الإرسال: الجمعة\nإلى: Ada\nالموضوع: رد\n",
    "separator": "-----Ursprüngliche Nachricht-----",
}  # fmt: skip


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_the_letter_that_is_answered_is_cut_off(introduction, mark):
    quoted = "\n".join(f"{mark}{line}" for line in ["One or both?", "Regards, the shop"])
    reply = own_words(f"Both, please.\n\n{introduction}\n{quoted}")
    assert reply.text == "Both, please."
    assert reply.has_quote


@pytest.mark.parametrize(
    "text",
    [
        "On Monday we wrote: nothing",
        "On 5 May, can we come? I wrote it down.",
        "From: Madrid\nWe start at nine.",
        "I want:\n- two rooms\n- breakfast",
        "Call me at 10:00:\n+34600000000",
        "> only a quote",
        "Thanks\nPlease send the invoice to accounts@example.com.",
        "Best\nwhat does it cost?",
        "--\nonly a signature",
    ],
)
def test_words_that_only_look_like_it_stay(text):
    assert own_words(text).text == text


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAda Byron\nAcme Ltd, +34 600 000 000",
        "Best regards,\nAda",
        "Mit freundlichen Grüßen\nAda Byron\nAcme GmbH",
        "Saludos cordiales,\nAda",
        "Cordialement,\nAda",
        "مع تحياتي،\nآدا",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "Envoyé de mon iPhone",
        "Get Outlook for Android<https://aka.ms/x>",
    ],
)
def test_signatures_are_kept_apart(signature):
    reply = own_words(f"Two rooms in May?\n\n{signature}")
    assert reply.text == "Two rooms in May?"
    assert reply.signature.split() == signature.split()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Hello", "> quoted", "--", "On 1 May 2026 Ada wrote:", "From: a", "Sent: b", "To: c",
             "Sent from my iPhone", "", "Thanks", "Best regards,", "1. point", "_" * 12]
        ) | st.text(max_size=20),
        max_size=20,
    ).map("\n".join)
)  # fmt: skip
def test_no_letter_with_words_is_left_without_any(text):
    reply = own_words(text)
    assert bool(reply.text) == bool(text.strip())
    # What is kept was there, in its order.
    lines = iter(line.strip() for line in text.split("\n"))
    assert all(any(kept.strip() == line for line in lines) for kept in reply.text.split("\n"))


def test_answers_between_the_lines_are_kept():
    text = "Hi,\n\nOn 1 May 2026, Shop <s@n.example> wrote:\n> One?\n\nYes.\n\n> Breakfast?\n\nNo."
    assert own_words(text).text == "Hi,\n\nYes.\n\nNo."


# -- HTML


def test_html_becomes_words_and_its_quotes_stay_quotes():
    html = (
        "<style>p{}</style><p>Hello&nbsp;<b>Ada</b>,</p><ul><li>one</li><li>two</li></ul>"
        "<script>alert(1)</script><table><tr><td>a</td><td>b</td></tr></table>"
        '<div class="gmail_quote_container"><div>On 1 May wrote</div>'
        "<blockquote>old<blockquote>older</blockquote></blockquote></div>"
    )
    text = text_of(html)
    assert own_words(text).text == "Hello Ada,\n\none\ntwo\na b"
    assert "> old" in text
    assert ">> older" in text
    assert "alert" not in text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_markup_is_text(html):
    text_of(html)


# -- who wrote it


@pytest.mark.parametrize(
    ("header", "trusted", "verdict"),
    [
        ("mx.n.example; spf=pass; dkim=pass; dmarc=pass", "mx.n.example", "pass"),
        ("mx.n.example 1; dkim=pass header.d=x", "mx.n.example", "pass"),
        ("mx.evil.example; dmarc=pass", "mx.n.example", "none"),
        ("mx.n.example; dmarc=pass", "", "none"),
        ("mx.n.example; dmarc=fail; spf=pass", "", "fail"),
        ("mx.n.example; spf=fail; dkim=none", "", "fail"),
        ("mx.n.example; spf=fail; dkim=pass", "", "none"),
        ("", "mx.n.example", "none"),
    ],
)
def test_only_our_own_servers_word_is_believed(header, trusted, verdict):
    mail = read_mail(f"Authentication-Results: {header}\r\n\r\nx".encode())
    assert authenticated(mail.headers, trusted) == verdict


# -- machines


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office: Re: Rooms", "Automatic reply: Rooms", "Abwesenheitsnotiz: Rooms",
        "Automatische Antwort: Rooms", "Respuesta automática: Rooms", "Réponse automatique : Rooms",
        "رد تلقائي: غرف", "Risposta automatica: x", "自动回复: x",
    ],
)  # fmt: skip
def test_automatic_replies_are_known_by_their_subject(subject):
    mail = read_mail(f"From: a@b.example\r\nSubject: {subject}\r\n\r\nx".encode())
    assert quiet_reason(mail) == "An automatic reply."


@pytest.mark.parametrize(
    ("header", "quiet"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: auto-generated; owner=x", True),
        ("Auto-Submitted: no", False),
        ("X-Autoreply: yes", True),
        ("Precedence: auto_reply", True),
        ("Precedence: bulk", True),
        ("List-Id: <l.example>", True),
        ("X-Priority: 1", False),
    ],
)
def test_automatic_replies_are_known_by_their_headers(header, quiet):
    mail = read_mail(f"From: a@b.example\r\n{header}\r\nSubject: Hi\r\n\r\nx".encode())
    assert bool(quiet_reason(mail)) is quiet


# -- writing


@settings(max_examples=150, deadline=None)
@given(
    name=st.text(max_size=40),
    subject=st.text(max_size=300),
    text=st.text(min_size=1, max_size=300),
    answers=st.sampled_from(["", "<a@b>", "form-1", "<a@b>\r\nBcc: x@y.example"]),
)
def test_whatever_we_write_is_one_letter_to_one_person(name, subject, text, answers):
    letter = Letter(
        sender_name=name,
        sender_address="shop@north.example",
        recipient="ada@example.com",
        subject=reply_subject(subject, "Hello"),
        text=text.encode("utf-8", "replace").decode(),
        reference="0c6b1c5e-8f0e-4b0e-9f57-1f4c1f6f3c11",
        answers=answers,
        thread=(answers,),
    )
    raw = written(letter, at=datetime(2026, 11, 20, tzinfo=UTC)).as_bytes()
    read = message_from_bytes(raw, policy=default)
    assert read["To"] == "ada@example.com"
    assert read["Bcc"] is None
    assert read["Message-ID"] == letter.message_id
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


def test_html_of_ours_escapes_what_it_quotes():
    letter = Letter(
        sender_name="",
        sender_address="a@b.example",
        recipient="c@d.example",
        subject="x",
        text="1 < 2 & <script>\n\nhttps://x.example/?a=1&b=2.",
        reference="r",
    )
    assert "<script>" not in letter.html
    assert '<a href="https://x.example/?a=1&amp;b=2">' in letter.html
