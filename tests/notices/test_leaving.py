"""E-mails and browsers: when, to whom, what is in it, and never twice."""

import smtplib
from datetime import timedelta

import httpx
import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends.locmem import EmailBackend
from django.db.models import F
from django.urls import reverse

from channels_app import notices as of_channels
from channels_app import services as channels
from tenants.notices.kinds import Mail
from tenants.notices.models import Notice, PushDevice, PushKey
from tenants.notices.services import (
    application_key,
    keep_device,
    mail_due,
    push_due,
    pushing,
    read_all,
    set_habits,
    sweep,
)
from tests.factories import make_contact, make_conversation
from tests.notices.browser import Browser, signed_by

HOST = "https://push.example.com"


@pytest.fixture
def talks(people):
    return [make_conversation(contact=make_contact(name=name)) for name in ("Ada", "Grace")]


def hand_over(talks):
    for talk in talks:
        of_channels.handed_over(talk)


def pass_minutes(minutes):
    ago = timedelta(minutes=minutes)
    Notice.objects.update(mail_at=F("mail_at") - ago, push_at=F("push_at") - ago)


# -- e-mail


def test_what_stood_unread_is_one_letter_that_names_nobody(people, talks, wish):
    wish("admin", "handed_over", mail=Mail.NEVER)
    hand_over(talks)
    assert mail_due() == 0  # it has not stood long enough
    pass_minutes(11)

    assert mail_due() == 1
    assert mail_due() == 0

    (letter,) = mail.outbox
    assert letter.to == [people["agent"].email]
    assert letter.subject == "North: 2 notices are waiting"
    assert letter.body.count("A conversation needs a person") == 2
    assert "Ada" not in letter.body + letter.subject
    link = reverse("notices:go", args=[Notice.objects.filter(user=people["agent"])[0].pk])
    assert link in letter.body


def test_who_asked_for_names_gets_them(people, talks, wish):
    wish("admin", "handed_over", mail=Mail.NEVER)
    set_habits(user=people["agent"], names_people=True)
    hand_over(talks)
    pass_minutes(11)
    mail_due()

    assert "A conversation needs a person: Grace" in mail.outbox[0].body


def test_what_was_read_meanwhile_is_not_mailed(people, talks):
    hand_over(talks)
    pass_minutes(11)
    for role in ("admin", "agent"):
        read_all(user=people[role])

    assert mail_due() == 0
    assert mail.outbox == []


def test_what_a_mail_server_refused_is_sent_once_it_takes_it(people, talks, monkeypatch):
    really = EmailBackend.send_messages
    answers = [smtplib.SMTPServerDisconnected("gone"), None]

    def send(backend, letters):
        if error := answers.pop(0):
            raise error
        return really(backend, letters)

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    channels.assign(conversation=talks[0], assignee=people["agent"], user=people["admin"])
    pass_minutes(11)

    assert mail_due() == 0
    assert mail_due() == 0  # not in the same breath
    pass_minutes(16)
    assert mail_due() == 1
    assert mail_due() == 0
    assert len(mail.outbox) == 1


def test_an_address_that_is_refused_for_days_is_not_written_to_for_ever(people, talks, monkeypatch):
    def refuse(backend, letters):
        raise smtplib.SMTPRecipientsRefused({})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    channels.assign(conversation=talks[0], assignee=people["agent"], user=people["admin"])
    Notice.objects.update(created_at=F("created_at") - timedelta(days=3))
    pass_minutes(11)

    assert mail_due() == 0
    assert not Notice.objects.filter(mail_at__isnull=False).exists()


def test_a_worker_that_dies_while_it_mails_mails_nothing_twice(people, talks, monkeypatch):
    class Killed(BaseException):
        pass

    def die(backend, letters):
        raise Killed

    channels.assign(conversation=talks[0], assignee=people["agent"], user=people["admin"])
    pass_minutes(11)
    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", die)
        with pytest.raises(Killed):
            mail_due()

    assert sweep() == {}
    assert mail_due() == 0
    assert Notice.objects.get().read_at is None  # it still stands in the page


def test_the_sweeper_rings_for_what_is_due(people, talks, work):
    hand_over(talks)
    pass_minutes(11)

    assert sweep() == {"mails": 4, "pushes": 0}
    assert "mail_notices" in work()
    assert len(mail.outbox) == 2


def test_a_letter_ends_the_letters_without_a_sign_in(client, people, talks):
    channels.assign(conversation=talks[0], assignee=people["agent"], user=people["admin"])
    pass_minutes(11)
    mail_due()
    letter = mail.outbox[0]
    stop = letter.extra_headers["List-Unsubscribe"].strip("<>")
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = stop[stop.index("/notices/") :]

    assert client.get(path).status_code == 200  # scanners look at links
    channels.assign(conversation=talks[1], assignee=people["agent"], user=people["admin"])
    assert Notice.objects.filter(mail_at__isnull=False).count() == 1
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    hand_over(talks)

    assert Notice.objects.filter(user=people["agent"], mail_at__isnull=False).count() == 0
    assert client.post(path[:-5] + "/").status_code == 404


def test_what_is_wanted_by_mail_only_stands_nowhere_else_and_may_come_again(people, talks, wish):
    wish("agent", "assigned", page=False, push=False, mail=Mail.SOON)
    for _time in range(2):
        channels.assign(conversation=talks[0], assignee=people["agent"], user=people["admin"])
        channels.assign(conversation=talks[0], assignee=None, user=people["admin"])
        pass_minutes(11)
        assert mail_due() == 1

    assert not Notice.objects.filter(is_shown=True).exists()


# -- browsers


def test_a_browser_is_told_sealed_and_signed_once(people, talks, service, work, wish):
    wish("admin", "handed_over", push=False)
    laptop, phone = Browser(f"{HOST}/laptop"), Browser(f"{HOST}/phone")
    for browser in (laptop, phone):
        browser.allow(people["agent"])
    route = service.post(url__startswith=HOST).mock(return_value=httpx.Response(201))

    hand_over(talks[:1])
    assert push_due() == 1
    assert push_due() == 0

    assert route.call_count == 2
    for browser, call in zip((laptop, phone), route.calls, strict=True):
        assert str(call.request.url) == browser.endpoint
        said = browser.opened(call.request.content)
        notice = Notice.objects.get(user=people["agent"])
        assert said == {
            "title": "A conversation needs a person",
            "body": "",
            "link": f"/notices/{notice.pk}/",
            "tag": f"notice-{notice.pk}",
        }
        key, claims = signed_by(call.request)
        assert key == application_key() == PushKey.objects.get().application_key
        assert claims["aud"] == HOST
        assert call.request.headers["topic"] == f"notice-{notice.pk}"
        assert int(call.request.headers["ttl"]) > 0


def test_names_go_to_locked_screens_only_where_one_said_so(people, talks, service):
    people["agent"].language = "es"
    people["agent"].save()
    set_habits(user=people["agent"], names_people=True)
    browser = Browser(f"{HOST}/phone")
    browser.allow(people["agent"])
    route = service.post(url__startswith=HOST).mock(return_value=httpx.Response(201))

    hand_over(talks[:1])
    push_due()

    said = browser.opened(route.calls[0].request.content)
    assert said["body"] == "Ada"
    assert said["title"] != "A conversation needs a person"  # in their language


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(people, talks, service, status):
    Browser(f"{HOST}/old").allow(people["agent"])
    service.post(url__startswith=HOST).mock(return_value=httpx.Response(status))

    hand_over(talks[:1])

    assert push_due() == 0
    assert not PushDevice.objects.exists()
    assert not Notice.objects.filter(push_at__isnull=False).exists()


def test_a_service_in_trouble_is_asked_again_and_not_for_ever(people, talks, service):
    Browser(f"{HOST}/one").allow(people["agent"])
    answers = [httpx.Response(503), httpx.Response(429), httpx.ConnectError("no")]
    route = service.post(url__startswith=HOST).mock(side_effect=[*answers, httpx.Response(500)])

    hand_over(talks[:1])
    for _try in range(6):
        push_due()
        pass_minutes(3)

    assert route.call_count == 4

    assert not Notice.objects.filter(push_at__isnull=False).exists()


def test_a_service_that_is_silent_is_asked_once_a_run(people, talks, service, wish):
    wish("admin", "handed_over", push=False)
    Browser(f"{HOST}/slow").allow(people["agent"])
    Browser(f"{HOST}/quick").allow(people["agent"])
    slow = service.post(f"{HOST}/slow").mock(side_effect=httpx.ReadTimeout("slow"))
    quick = service.post(f"{HOST}/quick").mock(return_value=httpx.Response(201))

    hand_over(talks)

    assert push_due() == 2
    assert (slow.call_count, quick.call_count) == (1, 2)
    assert Notice.objects.filter(push_at__isnull=False).count() == 2


def test_what_a_run_has_no_time_for_leaves_with_the_next(people, talks, service, wish, monkeypatch):
    wish("admin", "handed_over", push=False)
    Browser(f"{HOST}/one").allow(people["agent"])
    service.post(url__startswith=HOST).mock(return_value=httpx.Response(201))
    hand_over(talks)

    monkeypatch.setattr(pushing, "ENOUGH", -1.0)
    assert push_due() == 1
    pass_minutes(3)
    assert push_due() == 1
    assert not Notice.objects.filter(push_at__isnull=False).exists()


def test_what_was_read_in_time_is_not_pushed(people, talks, service):
    Browser(f"{HOST}/one").allow(people["agent"])
    route = service.post(url__startswith=HOST).mock(return_value=httpx.Response(201))
    hand_over(talks[:1])
    read_all(user=people["agent"])

    assert push_due() == 0
    assert not route.called


def test_an_address_inside_our_network_is_never_dialled(people, talks):
    Browser("https://127.0.0.1/push").allow(people["agent"])
    hand_over(talks[:1])

    assert push_due() == 0
    assert not PushDevice.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"endpoint": "http://push.example.com/x"},
        {"endpoint": "javascript:alert(1)"},
        {"endpoint": f"https://push.example.com/{'x' * 2_000}"},
        {"endpoint": "https://["},
        {"endpoint": "https://push .example.com/x"},
        {"endpoint": "https://xn--/"},
        {"endpoint": "https://push.example.com:99999/x"},
        {"p256dh": "AAAA"},
        {"auth": "AAAA"},
        {"p256dh": "é"},
    ],
    ids=[
        "plain",
        "script",
        "long",
        "bracket",
        "blank",
        "punycode",
        "port",
        "no point",
        "short secret",
        "no base64",
    ],
)
def test_what_is_no_subscription_is_refused(people, broken):
    browser = Browser(f"{HOST}/one")

    with pytest.raises(ValidationError):
        keep_device(
            user=people["agent"], **{"endpoint": browser.endpoint, **browser.keys, **broken}
        )


def test_a_browser_belongs_to_who_sits_at_it_and_there_are_ten_of_one_person(people):
    shared = Browser(f"{HOST}/shared")
    shared.allow(people["admin"])
    shared.allow(people["agent"])
    assert PushDevice.objects.get().user == people["agent"]

    for number in range(12):
        Browser(f"{HOST}/{number}").allow(people["agent"])
    assert PushDevice.objects.count() == 10
