"""A mailbox, spoken to over real sockets: letters out, letters in, and what comes back."""

import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.utils import timezone

from channels_app import services
from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    Conversation,
    InboundEvent,
    Message,
)
from channels_app.outbox import post_message
from channels_app.providers.email import imap
from channels_app.services import polling
from config.simulator.mailhouse import MailHouse
from tests.channels_app.conftest import outcomes
from tests.factories import mailbox_config

ADDRESS = "shop@north.example"


@pytest.fixture
def house(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    with MailHouse() as house:
        yield house


@pytest.fixture
def mailbox(north, house):
    config = mailbox_config(
        house,
        webhook_secret="s3cret",
        sender_name="North, the shop",
        imap_password=house.password,
        smtp_password=house.password,
    )
    return services.connect(platform="email", account_id=ADDRESS, config=config)


def letter(text="Hello", *, sender="Ada <ada@example.com>", number=1, **headers) -> bytes:
    lines = {
        "From": sender,
        "To": ADDRESS,
        "Subject": "Two rooms",
        "Message-ID": f"<{number}@example.com>",
        "Date": "Fri, 20 Nov 2026 08:00:00 +0000",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "\r\n".join(f"{name}: {value}" for name, value in lines.items())
    return f"{head}\r\n\r\n{text}\r\n".encode()


def look(mailbox, work):
    ChannelConnection.objects.filter(pk=mailbox.pk).update(poll_due_at=timezone.now())
    services.ring_due_polls()
    work()
    mailbox.refresh_from_db()


def answer(conversation, text="We have one left.", author=Message.Author.HUMAN):
    message = post_message(conversation=conversation, text=text, author=author)
    services.deliver(message_id=message.pk)
    message.refresh_from_db()
    return message


def test_a_letter_becomes_a_message_and_its_answer_goes_back_in_the_thread(mailbox, house, work):
    house.folder.put(letter("Is it free in May?\r\n\r\n-- \r\nAda Byron"))
    look(mailbox, work)
    message = Message.objects.get()
    assert message.text == "Two rooms\n\nIs it free in May?"
    assert message.details["signature"] == "--\nAda Byron"
    assert Contact.objects.get().email == "ada@example.com"

    sent = answer(message.conversation, "Yes, it is.\n\nSee https://north.example/a?b=1&c=2.")

    assert sent.state == Message.State.ACCEPTED
    [taken] = house.taken
    read = message_from_bytes(taken.content, policy=default)
    assert (taken.sender, taken.recipient) == (ADDRESS, "ada@example.com")
    assert read["Message-ID"] == f"<{sent.reference}@north.example>" == sent.external_id
    assert read["In-Reply-To"] == "<1@example.com>"
    assert read["Subject"] == "Re: Two rooms"
    assert read["From"] == f'"North, the shop" <{ADDRESS}>'
    assert read["Auto-Submitted"] is None
    assert read.get_body(("plain",)).get_content().startswith("Yes, it is.")
    assert (
        '<a href="https://north.example/a?b=1&amp;c=2">' in read.get_body(("html",)).get_content()
    )


def test_what_the_ai_writes_says_that_a_machine_did(mailbox, house, work):
    house.folder.put(letter())
    look(mailbox, work)
    answer(Conversation.objects.get(), author=Message.Author.AI)
    assert b"Auto-Submitted: auto-replied" in house.taken[0].content


def test_an_answer_joins_its_thread_from_whichever_address(mailbox, house, work):
    house.folder.put(letter())
    look(mailbox, work)
    sent = answer(Conversation.objects.get())

    house.folder.put(letter("Fine!", number=2, In_Reply_To=sent.external_id))
    house.folder.put(
        letter("I pay.", sender="bob@example.com", number=3, References=sent.external_id)
    )
    look(mailbox, work)

    conversation = Conversation.objects.get()
    assert conversation.messages.count() == 4
    assert conversation.controller == Conversation.Controller.HUMAN
    assert conversation.escalation_reason == "Somebody else wrote in this thread."
    assert Contact.objects.count() == 1, "a second address proves nothing about a person"


def test_a_lost_answer_is_found_by_the_reference_alone(mailbox, house, work):
    house.folder.put(letter())
    look(mailbox, work)
    house.faults.append("drop")
    sent = answer(Conversation.objects.get())
    assert sent.state == Message.State.UNKNOWN
    services.sweep()
    work()
    assert len(house.taken) == 1, "a letter that may have been taken is not sent again"

    reference = f"<{sent.reference}@north.example>"
    house.folder.put(letter("Thanks", sender="a@other.example", number=2, In_Reply_To=reference))
    look(mailbox, work)
    assert Conversation.objects.count() == 1


def test_references_to_another_mailbox_lead_nowhere(mailbox, house, work, south):
    house.folder.put(letter("x", In_Reply_To="<conversation-of-south@inbound.example>"))
    look(mailbox, work)
    assert Conversation.objects.get().external_thread == "ada@example.com"


def test_a_bounce_fails_the_message_and_stops_the_next(mailbox, house, work):
    house.folder.put(letter())
    look(mailbox, work)
    sent = answer(Conversation.objects.get())

    house.bounce(house.taken[0])
    look(mailbox, work)

    sent.refresh_from_db()
    assert (sent.state, sent.error_code) == (Message.State.FAILED, "5.1.1")
    assert "no such user" in sent.error_text
    with pytest.raises(services.SendRefused) as refused:
        answer(Conversation.objects.get())
    assert refused.value.code == "contact_unreachable"


def test_a_full_mailbox_bounces_and_may_be_written_to_again(mailbox, house, work):
    house.folder.put(letter())
    look(mailbox, work)
    answer(Conversation.objects.get())
    house.bounce(house.taken[0], status="5.2.2")
    look(mailbox, work)
    answer(Conversation.objects.get(), "Again.")


@pytest.mark.parametrize(
    ("fault", "state", "code"),
    [
        ("refuse", Message.State.FAILED, "5.1.1"),
        ("full", Message.State.FAILED, "5.2.2"),
        ("later", Message.State.QUEUED, "4.7.1"),
    ],
)
def test_what_the_server_says_decides(mailbox, house, work, fault, state, code):
    house.folder.put(letter())
    look(mailbox, work)
    house.faults.append(fault)
    sent = answer(Conversation.objects.get())

    assert (sent.state, sent.error_code) == (state, code)
    assert not house.taken
    if state == Message.State.QUEUED:
        assert sent.next_attempt_at - timezone.now() > timedelta(minutes=4), "greylists want time"


def test_a_wrong_password_says_reconnect(mailbox, house, work):
    house.folder.put(letter())
    look(mailbox, work)
    house.password = "changed"
    look(mailbox, work)
    assert mailbox.health == ChannelConnection.Health.RECONNECT
    sent = answer(Conversation.objects.get())
    assert (sent.state, sent.error_code) == (Message.State.FAILED, "5.7.8")


def test_a_server_inside_our_network_is_not_dialled(mailbox, house, work, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = False
    house.folder.put(letter())
    look(mailbox, work)
    assert not Message.objects.exists()
    assert not house.fetched
    [problem, _] = mailbox.provider().probe().problems
    assert "not public" in problem


# -- nobody answers a machine


def test_automatic_replies_are_kept_and_call_nobody(mailbox, house, work, bell):
    house.folder.put(letter("I am away.", Auto_Submitted="auto-replied"))
    look(mailbox, work)
    message = Message.objects.get()
    assert message.conversation.waiting_since is None
    assert bell == []
    assert outcomes(mailbox)[-1][2] == "quiet"


def test_two_machines_do_not_talk_for_ever(mailbox, house, work):
    for number in range(14):
        house.folder.put(letter(f"Ticket {number} received", number=number))
    look(mailbox, work)
    conversation = Conversation.objects.get()
    assert conversation.controller == Conversation.Controller.HUMAN
    assert "machine" in conversation.escalation_reason


def test_a_forged_sender_gets_no_identity_and_no_ai(mailbox, house, work):
    house.folder.put(letter())
    house.folder.put(
        letter(
            "Send me the invoice of last month",
            number=2,
            Authentication_Results="mx.north.example; spf=fail; dmarc=fail",
        )
    )
    look(mailbox, work)
    genuine, forged = Conversation.objects.order_by("pk")
    assert genuine.controller == Conversation.Controller.AI
    assert forged.controller == Conversation.Controller.HUMAN
    assert forged.contact != genuine.contact
    assert forged.contact.email == ""


# -- no gap, no repeat


def test_more_letters_than_one_look_takes_are_all_read_once(mailbox, house, work, monkeypatch):
    monkeypatch.setattr(imap, "AT_ONCE", 4)
    for number in range(10):
        house.folder.put(letter(f"n{number}", sender=f"p{number}@example.com", number=number))
    look(mailbox, work)
    look(mailbox, work)
    assert Message.objects.count() == 10
    assert house.fetched == list(range(1, 11))
    assert mailbox.poll_cursor["uid"] == 10


def test_a_letter_that_is_not_given_out_holds_up_no_other(mailbox, house, work):
    poison = house.folder.put(letter("poison", number=1))
    house.folder.put(letter("second", number=2))
    house.withheld.add(poison)
    look(mailbox, work)
    look(mailbox, work)
    assert [each.text.split()[-1] for each in Message.objects.all()] == ["second"]
    assert (mailbox.poll_cursor["uid"], mailbox.poll_failures) == (2, 0)

    house.withheld.clear()
    look(mailbox, work)
    texts = [each.text.split()[-1] for each in Message.objects.order_by("pk")]
    assert texts == ["second", "poison"]
    assert "held" not in mailbox.poll_cursor


def test_a_letter_that_is_never_given_out_is_a_dead_letter(mailbox, house, work):
    poison = house.folder.put(letter("poison", number=1))
    house.folder.put(letter("second", number=2))
    house.withheld.add(poison)
    look(mailbox, work)
    long_ago = {**mailbox.poll_cursor, "held": {str(poison): "2026-01-01"}}
    ChannelConnection.objects.update(poll_cursor=long_ago)

    look(mailbox, work)

    event = InboundEvent.objects.get(status="rejected")
    assert "did not give this letter out" in event.reason
    assert "held" not in mailbox.poll_cursor


def test_a_server_that_gives_nothing_out_is_asked_again(mailbox, house, work):
    house.withheld.add(house.folder.put(letter("first", number=1)))
    look(mailbox, work)
    assert (mailbox.poll_failures, mailbox.poll_cursor) == (1, {})

    house.withheld.clear()
    look(mailbox, work)
    assert Message.objects.get().text.endswith("first")


def test_renumbered_letters_are_not_read_twice(mailbox, house, work):
    house.folder.put(letter(number=1))
    deleted = house.folder.put(letter(number=2))
    look(mailbox, work)
    del house.folder.letters[deleted]
    house.folder.renumber()
    house.folder.put(letter("new", number=3))
    look(mailbox, work)
    assert Message.objects.count() == 3
    assert mailbox.poll_cursor["validity"] == 2


@pytest.mark.parametrize("point", ["before storing", "after storing"])
def test_a_worker_that_dies_neither_loses_nor_doubles_a_letter(
    mailbox, house, work, monkeypatch, point
):
    class Killed(BaseException):
        pass

    def die(*args, **kwargs):
        raise Killed

    house.folder.put(letter(number=1))
    house.folder.put(letter("second", number=2))
    with monkeypatch.context() as patched:
        if point == "before storing":
            patched.setattr(polling, "store", die)
        else:
            patched.setattr(ChannelConnection, "save", die)
        with pytest.raises(Killed):
            services.poll(connection_id=mailbox.pk)
    assert not InboundEvent.objects.exists()

    look(mailbox, work)
    look(mailbox, work)
    assert Message.objects.count() == 2


def test_the_same_letter_by_imap_and_by_webhook_is_one_message(mailbox, house, work, knock):
    house.folder.put(letter())
    look(mailbox, work)
    body = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": "arn",
        "Message": json.dumps({"notificationType": "Received", "content": letter().decode()}),
    }
    assert knock(mailbox, json.dumps(body).encode()).status_code == 200
    work()
    assert Message.objects.count() == 1
    assert outcomes(mailbox)[-1][2] == "duplicate"


@pytest.mark.parametrize(
    ("results", "sender", "proven"),
    [
        ("mx.north.example; dmarc=pass header.from=example.com", "ada@example.com", True),
        ("mx.north.example; dkim=pass header.d=example.com", "ada@example.com", True),
        ("mx.north.example; dkim=pass header.d=example.com", "ada@mail.example.com", True),
        ("mx.north.example; dkim=pass header.d=mail.example.com", "ada@example.com", False),
        ("mx.north.example; dkim=pass header.d=bulk.example", "ada@example.com", False),
        ("mx.north.example; spf=pass smtp.mailfrom=x@example.com", "ada@example.com", True),
        ("mx.other.example; dmarc=pass header.from=example.com", "ada@example.com", False),
        ("", "ada@example.com", False),
        # what the sender has a hand in: the envelope's address, what is said about it, a quoted one
        (
            "mx.north.example; spf=pass smtp.mailfrom=dmarc=pass@evil.example",
            "ada@example.com",
            False,
        ),
        (
            "mx.north.example; spf=pass (of dkim=pass header.d=example.com@evil.example)"
            " smtp.mailfrom=x@evil.example",
            "ada@example.com",
            False,
        ),
        (
            'mx.north.example; spf=pass smtp.mailfrom="; dkim=pass header.d=example.com "@evil.it',
            "ada@example.com",
            False,
        ),
        (
            'mx.north.example; spf=pass (of "a); dmarc=pass ("@evil.example) smtp.helo=evil.it',
            "ada@example.com",
            False,
        ),
        ("mx.north.example; spf=pass (of a)) ; dmarc=pass", "ada@example.com", False),
        ("mx.north.example; dmarc=pass header.from=evil.example", "ada@example.com", False),
        (
            "mx.north.example; dmarc=pass (p=NONE) header.from=evil.example",
            "ada@example.com, <x@evil.example>",
            False,
        ),
        ("mx.north.example; dmarc=pass", "ada@example.com, <x@evil.example>", False),
        (
            "mx.north.example 1; dkim=pass (2048-bit; unprotected) header.i=@example.com"
            " header.s=s1; spf=none smtp.mailfrom=bounce.example",
            "ada@example.com",
            True,
        ),
    ],
)
def test_an_address_is_proven_by_its_own_house_alone(mailbox, house, work, results, sender, proven):
    mailbox.config = {**mailbox.config, "trusted_server": "mx.north.example"}
    mailbox.save()
    headers = {"Authentication_Results": results} if results else {}
    headers["X_Leadwire_Authentication"] = "aligned"  # anybody can write that into a letter
    house.folder.put(letter("Hello", sender=sender, number=1))
    house.folder.put(
        letter("Again", sender=sender, number=2, In_Reply_To="<1@example.com>", **headers)
    )
    look(mailbox, work)
    identity = ContactIdentity.objects.get()
    assert bool(identity.proven_email) is proven
