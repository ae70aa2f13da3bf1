"""What people lay beside conversations: views, labels, snoozes, drafts, mentions, undo, search."""

import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from channels_app import blanks, services, snoozes
from channels_app.models import (
    CannedReply,
    Conversation,
    ConversationWords,
    InboxView,
    Label,
    Mention,
    Message,
    WrittenDraft,
)
from channels_app.outbox import post_message
from channels_app.services import conversations, presence
from channels_app.services.bulk import do_to_many, undo_many
from channels_app.services.canned import offered_for
from channels_app.services.conversations import add_note
from channels_app.services.inbox import COUNTED, TABS, counters, list_conversations
from channels_app.services.labelling import put_label, take_label
from channels_app.services.mentions import see_mentions, unseen_mentions
from channels_app.services.searching import read_all_words
from channels_app.services.snoozing import moment_meant, snooze, wake_due
from channels_app.services.views import keep_view, views_of
from channels_app.services.writing import (
    TooLate,
    draft_of,
    habits_of,
    keep_draft,
    set_habits,
    take_back,
)
from tenants.redis import client as redis
from tests.factories import make_connection, make_contact, make_conversation, make_message

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 20, 16, 40, tzinfo=MADRID)  # a Friday


def talk(number=1, connection=None, **kwargs):
    now = timezone.now()
    return make_conversation(
        connection=connection or make_connection(),
        contact=make_contact(name=f"Ada Byron {number}"),
        **{"last_message_at": now, "last_inbound_at": now, "waiting_since": now, **kwargs},
    )


def live_kinds():
    return [fields["kind"] for _id, fields in redis().xrange("lw:north:live")]


def listed(user, tab="all", view=None):
    """Every page of a list, by number."""
    found, cursor = [], ""
    while True:
        page = list_conversations(user=user, tab=tab, view=view, cursor=cursor)
        found += [row.pk for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            return found


# -- counters


def test_counters_equal_the_lists_after_a_thousand_random_events(people):
    chance = random.Random(6)  # noqa: S311 - no secret
    user, other = people["agent"], people["admin"]
    connections = [make_connection(), make_connection(platform="whatsapp")]
    talks = [talk(number, chance.choice(connections)) for number in range(40)]
    label = Label.objects.create(name="VIP")
    views = [
        keep_view(user=user, name="Mine that wait", whose="me", is_waiting=True),
        keep_view(user=user, name="VIPs", label=label, is_shared=True),
        keep_view(user=user, name="Closed WhatsApp", status="closed", platform="whatsapp"),
        keep_view(user=user, name="Nobody's", whose="nobody", status="snoozed"),
    ]
    rows = Conversation.objects.all()
    events = {
        "wrote": lambda row: rows.filter(pk=row.pk).update(
            status="open", waiting_since=timezone.now(), last_message_at=timezone.now()
        ),
        "closed": lambda row: services.close(conversation=row, user=user),
        "reopened": lambda row: services.reopen(conversation=row, user=user),
        "assigned": lambda row: services.assign(
            conversation=row, assignee=chance.choice([user, other, None]), user=user
        ),
        "snoozed": lambda row: snooze(
            conversation=row, until=timezone.now() + timedelta(days=1), user=user
        ),
        "labelled": lambda row: put_label(conversation=row, name="vip", user=user),
        "unlabelled": lambda row: take_label(conversation=row, label=label, user=user),
        "taken over": lambda row: services.take_over(
            conversation=row, user=other, reason="asked_for_human"
        ),
        "handed back": lambda row: services.hand_back(conversation=row, user=other),
        "drafted": lambda row: rows.filter(pk=row.pk).update(draft_turn=row.turn_version),
        "mentioned": lambda row: add_note(conversation=row, text=f"@{user.email} look", user=other),
        "emptied": lambda row: rows.filter(pk=row.pk).update(last_message_at=None),
    }
    names = list(events)
    for number in range(1_000):
        row = Conversation.objects.select_related("connection", "contact").get(
            pk=chance.choice(talks).pk
        )
        events[chance.choice(names)](row)
        if number % 250 == 249:
            counted = counters(user, views)
            expected = {tab: len(listed(user, tab)) for tab in TABS}
            expected |= {f"view-{view.pk}": len(listed(user, view=view)) for view in views}
            assert counted == expected
    assert sum(counted.values()) > 40  # there was something to count


def test_a_counter_stops_where_nobody_counts_any_more(people, monkeypatch):
    monkeypatch.setattr("channels_app.services.inbox.COUNTED", 2)
    for number in range(5):
        talk(number)

    assert counters(people["agent"])["all"] == 3  # one more than is shown: "2+"
    assert COUNTED == 999


def test_a_kept_view_is_seen_by_whom_it_is_for(people):
    keep_view(user=people["agent"], name="Mine alone")
    shared = keep_view(user=people["agent"], name="Everybody's", is_shared=True)

    assert views_of(people["admin"]) == [shared]
    assert [view.name for view in views_of(people["agent"])] == ["Everybody's", "Mine alone"]


def test_there_is_an_end_to_views(people, monkeypatch):
    monkeypatch.setattr("channels_app.services.views.MOST", 1)
    keep_view(user=people["agent"], name="One")

    with pytest.raises(ValidationError):
        keep_view(user=people["agent"], name="Two")


# -- search


@pytest.mark.parametrize("few", [1_000, 0], ids=["laid in order", "looked for in order"])
def test_search_finds_words_names_and_handles(people, monkeypatch, few):
    monkeypatch.setattr("channels_app.services.inbox.FEW", few)
    chairs, tables = talk(1), talk(2)
    make_message(conversation=chairs, text="¿Tienen sillas de Álamo? Pedido AB-1234")
    make_message(conversation=tables, text="هل عندكم طاولات؟")

    def find(words):
        return [
            row.pk for row in list_conversations(user=people["agent"], tab="", search=words).rows
        ]

    assert find("alamo SILLAS") == [chairs.pk]
    assert find("ab 1234") == [chairs.pk]
    assert find("طاولات") == [tables.pk]
    assert find("byr") == [tables.pk, chairs.pk]  # the beginning of a name
    assert find("sillas طاولات") == []
    assert find(f"#{tables.pk}") == [tables.pk]
    assert find("%' OR 1=1") == []


def test_words_follow_what_is_edited_unsaid_and_renamed(people):
    conversation = talk()
    message = make_message(conversation=conversation, text="forty chairs")
    read_all_words()

    def found(words):
        page = list_conversations(user=people["agent"], tab="", search=words)
        return bool(page.rows)

    assert found("chairs")
    message.text = "forty tables"
    message.save(update_fields=["text"])
    conversation.contact.name = "Grace Hopper"
    conversation.contact.save(update_fields=["name"])
    read_all_words()
    assert (found("chairs"), found("tables")) == (False, True)
    assert (found("ada"), found("hopp")) == (False, True)
    message.delete()
    read_all_words()
    assert not found("tables")


def test_words_are_kept_as_nobody_can_read_them(people, south):
    conversation = talk()
    make_message(conversation=conversation, text="chairs")
    read_all_words()

    words = ConversationWords.objects.get().words
    assert words
    assert all(isinstance(word, int) for word in words)


# -- snooze


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("tomorrow 9am", (2026, 11, 21, 9, 0)),
        ("Mañana a las 10", (2026, 11, 21, 10, 0)),
        ("غدا الساعة 10 صباحا", (2026, 11, 21, 10, 0)),
        ("in 2 hours", (2026, 11, 20, 18, 40)),
        ("ساعتين", (2026, 11, 20, 18, 40)),
        ("30 min", (2026, 11, 20, 17, 10)),
        ("friday", (2026, 11, 27, 9, 0)),
        ("mon 8:30", (2026, 11, 23, 8, 30)),
        ("next week", (2026, 11, 23, 9, 0)),
        ("2026-12-01 14:00", (2026, 12, 1, 14, 0)),
        ("5/12", (2026, 12, 5, 9, 0)),
        ("9am", (2026, 11, 21, 9, 0)),
        ("el viernes a las 10", (2026, 11, 27, 10, 0)),
        ("1/3", (2027, 3, 1, 9, 0)),
    ],
)
def test_people_type_when(typed, expected):
    year, month, day, hour, minute = expected
    when = datetime(year, month, day, hour, minute, tzinfo=MADRID)

    assert snoozes.typed(typed, NOW) == when


@pytest.mark.parametrize("typed", ["", "yesterday", "25:00", "13pm", "31/02", "9999-01-01", "x 9"])
def test_what_says_no_time_is_refused(typed):
    assert snoozes.typed(typed, NOW) is None


def test_hours_are_hours_where_the_clock_is_put_back():
    night = datetime(2026, 10, 25, 1, 30, tzinfo=MADRID)

    assert snoozes.typed("in 3 hours", night).astimezone(UTC) == night.astimezone(UTC) + timedelta(
        hours=3
    )


def test_a_snoozed_conversation_wakes_in_its_time_and_when_they_write(people):
    due, later, asleep = talk(1), talk(2), talk(3)
    past = timezone.now() - timedelta(minutes=1)
    snooze(conversation=due, until=past, user=people["agent"])
    snooze(conversation=later, until=moment_meant("tomorrow"), user=people["agent"])
    snooze(conversation=asleep, until=None, user=people["agent"])

    assert wake_due() == 1

    statuses = dict(Conversation.objects.values_list("pk", "status"))
    assert statuses == {due.pk: "open", later.pk: "snoozed", asleep.pk: "snoozed"}
    due.refresh_from_db()
    assert (due.unread_count, due.snoozed_until) == (1, None)
    assert wake_due() == 0


def test_a_snooze_that_cannot_be_read_says_so(sign_in, people):
    page = sign_in("agent")
    url = reverse("channels_app:snooze", args=[talk().pk])

    refused = page.post(url, {"typed": "whenever"}, headers={"HX-Request": "true"})
    taken = page.post(url, {"typed": "tomorrow 9am"})

    assert refused.status_code == 422
    assert "This says no time to come" in refused.content.decode()
    assert taken.status_code == 302
    assert Conversation.objects.get().snoozed_until.astimezone(MADRID).hour == 9


# -- drafts, undo, canned replies


def test_a_draft_is_kept_on_the_server_and_gone_once_sent(sign_in, people):
    conversation = talk()
    page = sign_in("agent")
    url = reverse("channels_app:draft", args=[conversation.pk])

    page.post(url, {"text": "Half a sen", "mode": "reply"})
    shown = page.get(reverse("channels_app:conversation", args=[conversation.pk]))
    assert "Half a sen</textarea>" in shown.content.decode()

    page.post(
        reverse("channels_app:reply", args=[conversation.pk]), {"mode": "reply", "text": "Whole."}
    )
    assert not WrittenDraft.objects.exists()


def test_a_reply_is_taken_back_while_it_is_held(people, work):
    user, conversation = people["agent"], talk(waiting_since=None, unread_count=1)
    asked = make_message(conversation=conversation, text="How much?")
    first = post_message(
        conversation=conversation, text="First", author=Message.Author.HUMAN, user=user
    )
    Message.objects.filter(pk=first.pk).update(state="sent")
    held = services_post(conversation, user, "Second")
    work()  # the courier looks and leaves it alone
    held.refresh_from_db()
    assert held.state == "queued"

    assert take_back(conversation=conversation, user=user) == "Second"

    assert not Message.objects.filter(pk=held.pk).exists()
    assert draft_of(conversation=conversation, user=user).text == "Second"
    conversation.refresh_from_db()
    assert asked.pk
    with pytest.raises(TooLate):
        take_back(conversation=conversation, user=user)


def services_post(conversation, user, text, held=30):
    from channels_app.outbox import post_with_files

    [message] = post_with_files(
        conversation=conversation,
        text=text,
        files=[],
        author=Message.Author.HUMAN,
        user=user,
        held_seconds=held,
    )
    return message


def test_what_a_colleague_holds_or_what_has_left_is_not_taken_back(people):
    conversation = talk()
    message = services_post(conversation, people["agent"], "Mine")

    with pytest.raises(TooLate):
        take_back(conversation=conversation, user=people["admin"])
    Message.objects.filter(pk=message.pk).update(state="sending")
    with pytest.raises(TooLate):
        take_back(conversation=conversation, user=people["agent"])


def test_undo_in_the_page_brings_the_words_back(sign_in, people):
    set_habits(user=people["agent"], undo_seconds=20)
    conversation = talk()
    page = sign_in("agent")
    told = page.post(
        reverse("channels_app:reply", args=[conversation.pk]),
        {"mode": "reply", "text": "Too hasty"},
        headers={"HX-Request": "true"},
    ).content.decode()
    assert reverse("channels_app:undo_send", args=[conversation.pk]) in told

    answer = page.post(
        reverse("channels_app:undo_send", args=[conversation.pk]), headers={"HX-Request": "true"}
    )

    assert "Too hasty</textarea>" in answer.content.decode()
    assert not conversation.messages.exists()


def test_a_canned_reply_knows_whom_it_is_for(people):
    CannedReply.objects.create(shortcut="hi", text="Hi {first_name|there}, {agent} of {company}.")
    CannedReply.objects.create(shortcut="shipping", text="It ships on Monday. {other} {email}")
    conversation = talk()

    found, also = offered_for(conversation, people["agent"], "/hi")

    assert also.shortcut == "shipping"  # it has the letters, and comes after
    assert found.text == f"Hi Ada, {people['agent'].email} of North."
    assert blanks.fill("{other} {email}", {}) == "{other} {email}"
    assert blanks.fill("{name|friend}", {"name": ""}) == "friend"
    assert blanks.unfilled("{other} {email}") == ["{email}"]


# -- mentions, presence


def test_who_is_named_in_a_note_is_told(people, django_capture_on_commit_callbacks):
    agent, admin, viewer = people["agent"], people["admin"], people["viewer"]
    admin.name = "Omar Haddad"
    admin.save()
    conversation = talk()

    with django_capture_on_commit_callbacks(execute=True):
        add_note(
            conversation=conversation,
            text=f"@omar haddad and @{viewer.email.partition('@')[0]}: mail@{agent.email}?",
            user=agent,
        )

    assert set(Mention.objects.values_list("user", flat=True)) == {admin.pk, viewer.pk}
    assert live_kinds().count("mentioned") == 2
    assert (unseen_mentions(admin), counters(admin)["mentions"]) == (1, 1)
    see_mentions(conversation=conversation, user=admin)
    assert (unseen_mentions(admin), counters(admin)["mentions"]) == (0, 1)


def test_colleagues_see_who_is_there_and_who_writes(people, django_capture_on_commit_callbacks):
    agent, admin = people["agent"], people["admin"]
    conversation = talk()
    with django_capture_on_commit_callbacks(execute=True):
        presence.arrive(conversation=conversation, user=agent)
        presence.arrive(conversation=conversation, user=agent)  # said again: no news
        presence.begin_to_write(conversation=conversation, user=agent)

    [other] = presence.colleagues_at(conversation=conversation, user=admin)
    assert (other.user, other.is_writing) == (agent, True)
    assert presence.colleagues_at(conversation=conversation, user=agent) == []
    assert [kind for kind in live_kinds() if kind in {"presence", "typing"}] == [
        "presence",
        "typing",
    ]
    presence.leave(conversation=conversation, user=agent)
    assert presence.colleagues_at(conversation=conversation, user=admin) == []


# -- many at once


@pytest.mark.parametrize(
    ("deed", "more"),
    [
        ("close", {}),
        ("assign", {}),
        ("snooze", {"until": datetime(2027, 1, 1, tzinfo=UTC)}),
        ("label", {"label": "vip"}),
        ("read", {}),
    ],
    ids=["close", "assign", "snooze", "label", "read"],
)
def test_a_deed_on_many_is_taken_back_where_nobody_acted_since(people, deed, more):
    user = people["agent"]
    talks = [talk(number, unread_count=2) for number in range(3)]
    before = list(Conversation.objects.order_by("pk").values(*STATE))
    if deed == "assign":
        more = {"assignee": user}

    done = do_to_many(ids=[row.pk for row in talks], deed=deed, user=user, **more)
    assert done.count == 3
    kept = json.loads(json.dumps(done.undo))  # as a session keeps it
    services.reopen(conversation=talks[2], user=user)  # somebody went on with one

    assert undo_many(undo=kept, user=user) == 2
    after = list(Conversation.objects.order_by("pk").values(*STATE))
    assert after[:2] == before[:2]
    assert Label.objects.filter(conversations__in=talks[:2]).count() == 0


def test_nobody_speaks_between_the_look_at_what_is_taken_back_and_the_deed(people, monkeypatch):
    """Its row is held from one to the other, so that newer words are not undone with it."""
    user = people["agent"]
    held, done = [], do_to_many(ids=[talk(1).pk], deed="close", user=user)
    depth = len(connection.savepoint_ids)

    def at_work(row, *args, **kwargs):
        held.append(len(connection.savepoint_ids) > depth)
        return deed(row, *args, **kwargs)

    deed = conversations.deed
    monkeypatch.setattr(conversations, "deed", at_work)
    assert undo_many(undo=done.undo, user=user) == 1
    assert held == [True]


STATE = ("status", "controller", "assignee", "unread_count", "snoozed_until", "waiting_since")


def test_many_in_the_page(sign_in, people):
    talks = [talk(number) for number in range(3)]
    page = sign_in("agent")
    place = f"{reverse('channels_app:inbox')}?tab=unassigned"

    answer = page.post(
        reverse("channels_app:many"),
        {"pk": [row.pk for row in talks], "deed": "close", "next": place},
        follow=True,
    )
    assert answer.redirect_chain[0][0] == place
    assert "3 conversations changed." in answer.content.decode()
    assert Conversation.objects.filter(status="closed").count() == 3

    page.post(reverse("channels_app:undo_many"), {"next": "https://evil.example/"})
    assert Conversation.objects.filter(status="open").count() == 3
    again = page.post(reverse("channels_app:undo_many"), follow=True)
    assert "It is too late to undo this." in again.content.decode()


# -- habits


def test_habits_belong_to_the_person(people):
    assert habits_of(people["agent"]).undo_seconds == 5

    set_habits(user=people["agent"], shortcuts=False, undo_seconds=500)

    assert habits_of(people["agent"]).undo_seconds == 60
    assert habits_of(people["agent"]).shortcuts is False
    assert habits_of(people["admin"]).shortcuts is True


def test_nothing_is_kept_of_nothing(people):
    conversation = talk()
    keep_draft(conversation=conversation, user=people["agent"], text="x")
    keep_draft(conversation=conversation, user=people["agent"], text="  ")

    assert not WrittenDraft.objects.exists()


def test_views_of_others_are_not_removed(sign_in, people):
    theirs = InboxView.objects.create(owner=people["admin"], name="Theirs")

    answer = sign_in("agent").post(reverse("channels_app:drop_view", args=[theirs.pk]))

    assert answer.status_code == 404
    assert InboxView.objects.exists()
