"""The inbox as people use it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_app.models import Conversation, Message
from channels_app.services.inbox import TABS, counters, list_conversations
from tests.factories import make_connection
from tests.pages.scene import make_talk


def inbox_rows(user, tab):
    return list_conversations(user=user, tab=tab).rows


def test_counters_equal_the_lists(people):
    agent = people["agent"]
    talks = [make_talk(number) for number in range(1, 6)]
    Conversation.objects.filter(pk=talks[0].pk).update(assignee=agent)
    Conversation.objects.filter(pk=talks[1].pk).update(status="closed")
    Conversation.objects.filter(pk=talks[2].pk).update(
        controller="human", escalation_reason="low_confidence"
    )
    Conversation.objects.filter(pk=talks[3].pk).update(last_message_at=None)

    counted = counters(agent)

    assert counted == {tab: len(inbox_rows(agent, tab)) for tab in TABS}
    mine = {"mine": 1, "unassigned": 2, "all": 3, "drafts": 0}
    rest = {"mentions": 0, "escalated": 1, "due_soon": 0, "overdue": 0, "snoozed": 0, "closed": 1}
    assert counted == {**mine, **rest}


def test_pages_of_the_list_follow_each_other_without_a_gap(people):
    connection = make_connection()
    at = timezone.now()
    for number in range(1, 36):
        make_talk(number, connection)
    Conversation.objects.update(last_message_at=at)  # the same moment: the id decides

    first = list_conversations(user=people["agent"], tab="all")
    second = list_conversations(user=people["agent"], tab="all", cursor=first.next_cursor)

    seen = [row.pk for row in [*first.rows, *second.rows]]
    assert len(seen) == len(set(seen)) == 35
    assert second.next_cursor == ""


@pytest.mark.parametrize(
    "typed", ["ada7@example.com", "ADA7@Example.com", "+34 600 000 007", "ada-7", "@ada-7"]
)
def test_search_finds_a_whole_address(people, typed):
    talks = [make_talk(number) for number in (7, 8)]

    found = list_conversations(user=people["agent"], tab="mine", search=typed).rows

    assert [row.pk for row in found] == [talks[0].pk]


@pytest.mark.parametrize(
    "cursor", ["x", "2026-01-01_1", "_", "9999-99-99_1", "2026-01-01T00:00:00"]
)
def test_a_broken_cursor_is_the_first_page(people, cursor):
    make_talk()

    assert len(list_conversations(user=people["agent"], tab="all", cursor=cursor).rows) == 1


def test_a_reply_is_queued_and_takes_the_conversation_over(sign_in, scene, people):
    page = sign_in("agent")
    url = reverse("channels_app:reply", args=[scene.conversation.pk])

    answer = page.post(url, {"mode": "reply", "text": "Monday suits us."})

    scene.conversation.refresh_from_db()
    said = scene.conversation.messages.get(author="human", direction="out")
    assert answer.status_code == 302
    assert (said.text, said.user, said.state) == ("Monday suits us.", people["agent"], "queued")
    assert scene.conversation.controller == "human"


def test_a_note_is_kept_and_nothing_is_sent(sign_in, scene):
    url = reverse("channels_app:reply", args=[scene.conversation.pk])

    sign_in("agent").post(url, {"mode": "note", "text": "Ring her."})

    notes = scene.conversation.messages.filter(direction="note").order_by("-pk")
    assert notes[0].text == "Ring her."
    assert not scene.conversation.messages.filter(state="queued").exists()


def test_what_may_not_be_sent_says_why_and_keeps_the_text(sign_in, scene):
    url = reverse("channels_app:reply", args=[scene.conversation.pk])

    answer = sign_in("agent").post(url, {"mode": "reply", "text": "x" * 5_000})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "this channel takes 4096" in page
    assert "x" * 5_000 in page
    assert not Message.objects.filter(state="queued").exists()


def test_an_empty_reply_is_asked_for_words(sign_in, scene):
    url = reverse("channels_app:reply", args=[scene.conversation.pk])

    answer = sign_in("agent").post(url, {"mode": "reply", "text": "  "})

    assert answer.status_code == 422
    assert "Write something first." in answer.content.decode()


def test_a_closed_window_says_so_before_one_writes(sign_in, north):
    talk = make_talk(connection=make_connection(platform="whatsapp"))
    Conversation.objects.filter(pk=talk.pk).update(
        last_inbound_at=timezone.now() - timedelta(days=2)
    )

    page = sign_in("agent").get(reverse("channels_app:conversation", args=[talk.pk]))

    assert "once they write again" in page.content.decode()


def test_take_over_and_hand_back(sign_in, scene):
    page, pk = sign_in("agent"), scene.conversation.pk

    page.post(reverse("channels_app:take_over", args=[pk]))
    scene.conversation.refresh_from_db()
    assert scene.conversation.controller == "human"

    page.post(reverse("channels_app:hand_back", args=[pk]))
    scene.conversation.refresh_from_db()
    assert scene.conversation.controller == "ai"


def test_htmx_gets_the_conversation_and_a_plain_form_the_page(sign_in, scene):
    page = sign_in("agent")
    url = reverse("channels_app:close", args=[scene.conversation.pk])

    fragment = page.post(url, headers={"HX-Request": "true"})
    plain = page.post(reverse("channels_app:reopen", args=[scene.conversation.pk]))

    assert fragment.content.decode().strip().startswith("<section")
    assert plain.url == reverse("channels_app:conversation", args=[scene.conversation.pk])


def test_ai_messages_show_source_reason_and_run(sign_in, scene):
    page = sign_in("viewer").get(reverse("channels_app:conversation", args=[scene.conversation.pk]))

    html = page.content.decode()
    assert "1 source" in html
    assert "Understood as: sales" in html
    assert reverse("agents:run", args=[scene.run.pk]) in html


def test_a_tick_stands_only_for_what_the_network_reports(sign_in, scene):
    # Telegram reports neither delivery nor reading.
    Message.objects.filter(author="ai").update(state="read")

    page = sign_in("viewer").get(reverse("channels_app:conversation", args=[scene.conversation.pk]))

    assert "tick--read" not in page.content.decode()
    assert "Accepted" in page.content.decode()


def test_markup_in_messages_stays_text(sign_in, scene):
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    Message.objects.filter(direction="in").update(text=attack)
    Conversation.objects.update(preview=attack)

    html = (
        sign_in("agent")
        .get(reverse("channels_app:conversation", args=[scene.conversation.pk]))
        .content.decode()
    )

    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_an_expired_sign_in_moves_the_whole_page(client, scene):
    answer = client.get(reverse("channels_app:list"), headers={"HX-Request": "true"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/accounts/login/")


def test_looking_marks_as_read_but_not_for_those_who_only_watch(sign_in, scene):
    url = reverse("channels_app:conversation", args=[scene.conversation.pk])

    sign_in("viewer").get(url)
    scene.conversation.refresh_from_db()
    assert scene.conversation.unread_count == 1

    sign_in("agent").get(url)
    scene.conversation.refresh_from_db()
    assert scene.conversation.unread_count == 0
