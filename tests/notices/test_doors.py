"""The bell, the page behind it, the settings; and the same for programs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels_app import notices as of_channels
from channels_app import services as channels
from tenants.accounts.models import User
from tenants.notices.kinds import catalogue
from tenants.notices.models import Notice, PushDevice
from tenants.notices.services import habits_of, unread_count
from tests.factories import make_contact, make_conversation
from tests.notices.browser import Browser

LIST = reverse("notices:notices", urlconf="config.urls")


@pytest.fixture
def talk(people):
    row = make_conversation(contact=make_contact(name="Lucía Pérez"))
    channels.assign(conversation=row, assignee=people["agent"], user=people["admin"])
    return row


def own(user: User) -> Notice:
    return Notice.objects.get(user=user)


def test_the_bell_says_how_many_and_the_list_what(sign_in, people, talk):
    browser = sign_in("agent")

    assert (
        'bell__count" aria-hidden="true">1<'
        in browser.get(reverse("notices:bell")).content.decode()
    )
    page = browser.get(LIST).content.decode()

    assert "A conversation is yours" in page
    assert "Lucía Pérez" in page
    assert "bell__count" not in sign_in("admin").get(LIST).content.decode()


def test_following_a_notice_reads_it_and_leads_there(sign_in, people, talk):
    answer = sign_in("agent").get(reverse("notices:go", args=[own(people["agent"]).pk]))

    assert answer.url == reverse("channels_app:conversation", args=[talk.pk])
    assert unread_count(people["agent"]) == 0


def test_opening_a_conversation_reads_what_was_said_of_it(sign_in, people, talk):
    sign_in("agent").get(reverse("channels_app:conversation", args=[talk.pk]))

    assert unread_count(people["agent"]) == 0


def test_somebody_elses_notices_are_not_there(sign_in, people, talk):
    browser = sign_in("admin")
    pk = own(people["agent"]).pk

    assert browser.get(reverse("notices:go", args=[pk])).status_code == 404
    browser.post(reverse("notices:read"), {"pk": pk})
    browser.post(reverse("notices:read"))

    assert unread_count(people["agent"]) == 1
    device = Browser("https://push.example.com/1").allow(people["agent"])
    browser.post(reverse("notices:drop_device", args=[device.pk]))
    assert PushDevice.objects.exists()


def test_one_or_all_are_marked_read(sign_in, people, talk):
    of_channels.handed_over(talk)
    browser, user = sign_in("agent"), people["agent"]
    first = Notice.objects.filter(user=user).first()
    assert first

    browser.post(reverse("notices:read"), {"pk": first.pk})
    assert unread_count(user) == 1
    browser.post(reverse("notices:read"))
    assert unread_count(user) == 0
    assert "Everything is read" in browser.get(f"{LIST}?unread=1").content.decode()


def test_wishes_are_kept_as_the_form_says(sign_in, people):
    browser, user = sign_in("agent"), people["agent"]
    url = reverse("notices:habits")
    offered = [kind for kind in catalogue() if user.has_perm(kind.permission)]
    said = {f"mail_{kind.name}": "daily" for kind in offered if kind.has_mail}
    said |= {"page_assigned": "on", "mail_after": "30", "digest_hour": "7"}

    assert browser.post(url, {**said, "quiet_from": "22:00"}).status_code == 422
    assert (
        browser.post(url, {**said, "quiet_from": "22:00", "quiet_to": "07:00"}).status_code == 302
    )

    habits = habits_of(user)
    assert habits.wishes["assigned"] == {"page": True, "mail": "daily", "push": False}
    assert habits.wishes["task_due"] == {"page": False, "mail": "never", "push": False}
    assert (habits.mail_after, habits.digest_hour, habits.names_people) == (30, 7, False)
    assert "channel_broken" not in habits.wishes  # not an agent's business
    assert "page_channel_broken" not in browser.get(url).content.decode()


def test_a_browser_is_added_and_removed(sign_in, people):
    browser, one = sign_in("agent"), Browser("https://push.example.com/1")
    browser.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"
    url = reverse("notices:subscribe")

    assert browser.post(url, {"endpoint": "ftp://x"}).status_code == 422
    assert browser.post(url, {"endpoint": one.endpoint, **one.keys}).status_code == 200
    assert "Firefox · Linux" in browser.get(reverse("notices:habits")).content.decode()

    device = PushDevice.objects.get()
    browser.post(reverse("notices:drop_device", args=[device.pk]))
    assert not PushDevice.objects.exists()


def test_programs_of_a_person_see_what_they_see(sign_in, people, talk):
    browser = sign_in("agent")

    (shown,) = browser.get("/api/v1/notices/?read_at__isnull=true").json()["results"]
    assert (shown["kind"], shown["about"]) == ("assigned", "Lucía Pérez")
    assert browser.get("/api/v1/notices/unread/").json() == {"unread": 1}
    assert browser.post(f"/api/v1/notices/{shown['id']}/read/").json()["read_at"]
    assert browser.post("/api/v1/notices/read-all/").json() == {"count": 0}

    wish = {"page": True, "mail": "daily", "push": False}
    given = {"wishes": {"assigned": wish}, "mail_after": 5}
    changed = browser.patch("/api/v1/notices/settings/", given, content_type="application/json")
    assert changed.json()["wishes"]["assigned"] == wish
    assert browser.get("/api/v1/notices/settings/").json()["mail_after"] == 5
    one_way = {"wishes": {"assigned": {"mail": "never"}}}
    changed = browser.patch("/api/v1/notices/settings/", one_way, content_type="application/json")
    assert changed.json()["wishes"]["assigned"] == {**wish, "mail": "never"}
    for wrong in ({"wishes": {"weather": wish}}, {"quiet_from": "22:00"}):
        refused = browser.patch("/api/v1/notices/settings/", wrong, content_type="application/json")
        assert refused.status_code == 400


def test_a_key_is_nobodys_and_has_no_notices(program, talk):
    key = program("admin")

    assert key.get("/api/v1/notices/").json()["results"] == []
    assert key.get("/api/v1/notices/unread/").status_code == 403
    assert key.post("/api/v1/notices/read-all/").status_code == 403


def test_the_list_costs_the_same_for_three_and_three_hundred(sign_in, people, memories_last):
    browser = sign_in("agent")
    browser.get(LIST)
    costs = []
    for numbers in (range(3), range(3, 300)):
        Notice.objects.bulk_create(
            Notice(user=people["agent"], kind="assigned", subject=number, about="Ada")
            for number in numbers
        )
        with CaptureQueriesContext(connection) as queries:
            page = browser.get(LIST)
        costs.append(len(queries))

    assert costs[0] == costs[1]
    assert "99+" in page.content.decode()
