"""Who is told of what, once, and by which ways."""

import smtplib
from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from channels_app import notices as of_channels
from channels_app import services
from channels_app.models import OpenFinding
from channels_app.services import telling
from channels_app.services.conversations import add_note
from leads.services.tasks import add_task, remind_due
from tenants.notices.kinds import Mail, catalogue
from tenants.notices.models import Notice
from tenants.notices.services import (
    habits_of,
    prune_notices,
    read_all,
    read_subject,
    set_habits,
    unread_count,
)
from tenants.notices.services.team import team
from tests.factories import make_connection, make_contact, make_conversation, make_lead, make_user


@pytest.fixture
def talk(people):
    return make_conversation(contact=make_contact(name="Lucía Pérez"))


def told(**which):
    return [(row.user.role, row.kind, row.about) for row in Notice.objects.filter(**which)][::-1]


def test_whoever_gets_a_conversation_is_told_unless_they_took_it_themselves(people, talk):
    agent, admin = people["agent"], people["admin"]

    services.assign(conversation=talk, assignee=agent, user=agent)
    assert told() == []
    services.assign(conversation=talk, assignee=admin, user=agent)

    assert told() == [("admin", "assigned", "Lucía Pérez")]
    assert Notice.objects.get().by == str(agent)
    services.assign(conversation=talk, assignee=admin, user=agent)  # it is theirs already
    services.assign(conversation=talk, assignee=None, user=agent)
    assert len(told()) == 1


def test_a_mention_tells_the_one_who_is_named_also_a_viewer(people, talk):
    add_note(conversation=talk, text=f"@{people['viewer'].email} look", user=people["agent"])

    assert told() == [("viewer", "mentioned", "Lucía Pérez")]


def test_a_hand_over_tells_whose_it_is_or_all_who_may_answer(people, talk):
    services.hand_over(conversation=talk, reason="asked_for_human")
    assert told() == [
        ("admin", "handed_over", "Lucía Pérez"),
        ("agent", "handed_over", "Lucía Pérez"),
    ]

    other = make_conversation(assignee=people["agent"], contact=make_contact(name="Ada"))
    services.hand_over(conversation=other, reason="urgent")
    assert told(subject=other.pk) == [("agent", "handed_over", "Ada")]


def test_admins_hear_of_a_channel_in_trouble(people):
    connection = make_connection(name="Shop on Telegram")
    OpenFinding.objects.create(
        connection=connection, code="token_refused", severity="bad", last_seen_at=timezone.now()
    )

    services.tell_of_findings(connection_id=connection.pk)
    services.tell_of_findings(connection_id=connection.pk)

    assert told() == [("admin", "channel_broken", "Shop on Telegram")]


def test_an_admin_whose_address_is_refused_makes_nobody_hear_it_twice(people, monkeypatch):
    make_user(email="gone@north.example", name="gone", role="admin")
    OpenFinding.objects.create(
        connection=make_connection(),
        code="token_refused",
        severity="bad",
        last_seen_at=timezone.now(),
    )
    heard = []

    def send(subject, text, sender, to):
        if to == ["gone@north.example"]:
            raise smtplib.SMTPRecipientsRefused({})
        heard.extend(to)

    monkeypatch.setattr(telling, "send_mail", send)
    for _time in range(2):
        services.tell_of_findings(connection_id=OpenFinding.objects.get().connection_id)

    assert heard == [people["admin"].email]


def test_a_task_that_is_due_tells_whose_it_is_once(people):
    lead = make_lead(owner=people["admin"])
    add_task(
        lead=lead,
        title="Ring them",
        actor="user:1",
        assignee=people["agent"],
        due_at=timezone.now() - timedelta(minutes=1),
    )

    remind_due()
    remind_due()

    assert told() == [("agent", "task_due", "Ring them")]


def test_what_is_not_read_yet_is_not_said_again(people, talk):
    for _time in range(3):
        services.hand_over(conversation=talk, reason="urgent")
        services.hand_back(conversation=talk, user=people["admin"])
    assert unread_count(people["agent"]) == 1

    read_subject(user=people["agent"], kinds=of_channels.SEEN_IN_TALK, subject=talk.pk)
    services.hand_over(conversation=talk, reason="urgent")

    assert Notice.objects.filter(user=people["agent"]).count() == 2
    assert Notice.objects.filter(user=people["admin"]).count() == 1


def test_who_wants_nothing_of_a_kind_costs_nothing(people, talk, wish, django_assert_num_queries):
    for role in ("admin", "agent"):
        wish(role, "handed_over", page=False, push=False)
    team()

    with django_assert_num_queries(0):
        of_channels.handed_over(talk)


def test_a_whole_team_is_told_by_one_statement(people, talk, django_assert_num_queries):
    for number in range(8):
        make_user(role="agent", name=f"Colleague {number}")
    team()

    with django_assert_num_queries(1):
        of_channels.handed_over(talk)
    assert Notice.objects.count() == 10


def test_who_left_a_moment_ago_does_not_make_the_work_fail(people, talk):
    team()
    people["agent"].delete()

    of_channels.handed_over(talk)

    assert Notice.objects.count() == 2  # one of them is nobody's, and is pruned
    assert prune_notices(before=timezone.now() + timedelta(seconds=1)) == 2


def test_reading_ends_the_other_ways_too(people, talk, wish):
    wish("agent", "handed_over", mail=Mail.SOON)
    services.hand_over(conversation=talk, reason="urgent")

    assert read_all(user=people["agent"]) == 1

    row = Notice.objects.get(user=people["agent"])
    assert (row.mail_at, row.push_at) == (None, None)
    assert row.read_at


@pytest.mark.parametrize(
    ("now", "mail", "expected"),
    [
        ("2026-11-20T12:00", "soon", "2026-11-20T12:10"),
        ("2026-11-20T20:55", "soon", "2026-11-21T07:00"),  # quiet from 22:00 in Madrid
        ("2026-11-21T05:00", "soon", "2026-11-21T07:00"),
        ("2026-11-20T12:00", "daily", "2026-11-21T07:00"),
        ("2026-11-20T12:00", "never", None),
    ],
)
def test_a_mail_waits_for_its_minutes_its_hour_and_the_end_of_quiet_hours(
    people, wish, now, mail, expected
):
    people["agent"].time_zone = "Europe/Madrid"
    people["agent"].save()
    set_habits(user=people["agent"], quiet_from=time(22), quiet_to=time(8))
    wish("agent", "assigned", mail=Mail(mail))
    member, kind = team()[people["agent"].pk], of_channels.ASSIGNED

    at = member.mail_at(member.wish(kind), datetime.fromisoformat(f"{now}+00:00"))

    assert (at and at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")) == expected


def test_wishes_of_kinds_that_nobody_named_stay(people, wish):
    wish("agent", "assigned", mail=Mail.DAILY)
    wish("agent", "mentioned", mail=Mail.NEVER, page=False)

    assert set(habits_of(people["agent"]).wishes) == {"assigned", "mentioned"}
    kinds = {kind.name: kind for kind in catalogue()}
    assert kinds["assigned"].wish_in({"assigned": {"mail": "hourly"}}) == kinds["assigned"].usual
