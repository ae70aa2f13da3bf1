"""Who needs a person: given out in turn to who has room, and told when nobody is there."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from channels_app import services
from channels_app.absence import away_sentence, opening_words
from channels_app.models import Conversation, Message, Seat
from channels_app.services import dealing
from channels_app.services.dealing import give_out
from channels_app.services.locking import locked
from channels_app.services.seats import (
    change_seat,
    desk,
    is_anybody_there,
    note_presence,
    seat_of,
    set_away,
)
from channels_app.services.tending import tend, tend_all
from channels_app.services.winding import house
from tenants.audit.models import AuditEntry
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile, opening_hours, profile
from tests.committed import Threads, committed
from tests.factories import make_connection, make_contact, make_conversation, make_user

MADRID = ZoneInfo("Europe/Madrid")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def ours(**changes):
    change_profile(actor="user:1", **changes)
    house.forget()


def talk(minutes=0, **kwargs):
    since = timezone.now() - timedelta(minutes=minutes)
    return make_conversation(
        connection=kwargs.pop("connection", None) or make_connection(),
        contact=kwargs.pop("contact", None) or make_contact(),
        **{
            "last_message_at": since,
            "last_inbound_at": since,
            "waiting_since": since,
            "controller": "human",
            **kwargs,
        },
    )


def team(*names, **kwargs):
    people = [make_user(name=name, email=f"{name}@north.example", **kwargs) for name in names]
    for each in people:
        note_presence(each)
    return people


def whose():
    rows = Conversation.objects.exclude(assignee=None).order_by("pk")
    return [row.assignee.name for row in rows.select_related("assignee")]


@pytest.fixture
def dealt(north):
    ours(gives_out=True, capacity=2)


def test_everybody_gets_one_in_turn_and_nobody_more_than_they_can_carry(dealt):
    team("ada", "ben", role="agent")
    rows = [talk(minutes) for minutes in (50, 40, 30, 20, 10)]
    assert give_out() == 4
    assert whose() == ["ada", "ben", "ada", "ben"]
    rows[4].refresh_from_db()
    assert rows[4].assignee is None

    # When there is room it goes to who has it.
    services.close(conversation=rows[1], user=None)
    assert give_out() == 1
    assert whose() == ["ada", "ben", "ada", "ben", "ben"]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"controller": "ai"},
        {"status": "closed"},
        {"status": "snoozed"},
        {"is_led_elsewhere": True},
        {"blocked": True},
    ],
    ids=lambda kwargs: next(iter(kwargs)),
)
def test_only_what_needs_a_person_is_given_out(dealt, kwargs):
    team("ada")
    if kwargs.pop("blocked", False):
        kwargs["contact"] = make_contact(is_blocked=True)
    talk(**kwargs)
    assert give_out() == 0


def test_only_who_is_there_and_takes_turns_gets_any(dealt):
    ada, ben, cleo = team("ada", "ben", "cleo", role="agent")
    team("viewer", role="viewer")
    make_user(name="absent", role="agent")
    set_away(user=ada, is_away=True)
    change_seat(user=ben, takes_turns=False, actor="user:1")
    change_seat(user=cleo, capacity=1, actor="user:1")
    talk(2), talk(1)
    assert give_out() == 1
    assert whose() == ["cleo"]

    set_away(user=ada, is_away=False)
    assert give_out() == 1
    assert whose() == ["cleo", "ada"]


def test_who_is_not_at_their_desk_gets_some_in_opening_hours_where_the_company_wants_that(dealt):
    make_user(name="ada", role="agent")
    talk()
    assert give_out() == 0
    ours(gives_to_present=False, opening_hours=closed_now())
    assert give_out() == 0
    ours(opening_hours={})
    assert give_out() == 1


def test_what_waits_with_who_left_is_given_to_others(dealt):
    ada, ben = team("ada", "ben", role="agent")
    waits, answered = talk(assignee=ada), talk(assignee=ada, waiting_since=None)
    set_away(user=ada, is_away=True)
    assert give_out() == 0
    ours(takes_from_absent=True)
    assert give_out() == 1
    for each in (waits, answered):
        each.refresh_from_db()
    assert (waits.assignee, answered.assignee) == (ben, ada)


def test_what_a_colleague_took_a_moment_ago_is_not_taken_from_them(dealt, monkeypatch):
    ada, ben = team("ada", "ben", role="agent")
    waits = talk(assignee=ada)
    set_away(user=ada, is_away=True)
    ours(takes_from_absent=True)

    def late(pk):
        Conversation.objects.filter(pk=pk).update(assignee=ben)
        return locked(pk)

    monkeypatch.setattr(dealing, "locked", late)
    assert give_out() == 0
    waits.refresh_from_db()
    assert waits.assignee == ben
    assert not AuditEntry.objects.filter(action="conversation.assigned").exists()


def test_sample_data_is_given_to_nobody_and_told_nothing(dealt):
    (ada,) = team("ada", role="agent")
    talk(connection=make_connection(is_sandbox=True, is_sample=True))
    assert give_out() == 0
    set_away(user=ada, is_away=True)
    ours(gives_out=False, says_away=True, opening_hours=closed_now())
    assert tend_all() == {"given_out": 0, "told_away": 0}


def test_a_desk_is_as_people_sit_at_it(dealt, django_assert_num_queries):
    ada, _ben = team("ada", "ben", role="agent")
    set_away(user=ada, is_away=True)
    talk(assignee=ada)
    company = profile()
    with django_assert_num_queries(2):
        seen = [(each.user.name, each.is_away, each.is_here, each.room) for each in desk(company)]
    assert seen == [("ada", True, True, 1), ("ben", False, True, 2)]
    assert seat_of(ada).is_away


def test_of_many_workers_none_gives_anybody_too_much(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), committed() as company:
        Profile.objects.update_or_create(pk=1, defaults={"gives_out": True, "capacity": 3})
        team("ada", "ben", role="agent")
        connection = make_connection()
        for minutes in range(9):
            talk(minutes, connection=connection)

        def worker():
            from tenants import context

            with context.inside(company):
                give_out()

        threads = Threads()
        threads.run([worker] * 4)
        assert threads.errors == []
        assert sorted(whose()) == ["ada"] * 3 + ["ben"] * 3


# -- and while nobody is there


def closed_now():
    """Open on another day than today, so that it is closed now whenever the tests run."""
    day = timezone.now().astimezone(MADRID).weekday()
    return {DAYS[(day + 3) % 7]: "09:00-17:00", DAYS[(day + 4) % 7]: "00:00-24:00"}


@pytest.fixture
def shut(north):
    ours(says_away=True, opening_hours=closed_now())


def told(row):
    return list(row.messages.filter(author=Message.Author.SYSTEM).values_list("direction", "state"))


def test_who_needs_a_person_is_told_once_until_we_open(shut):
    row = talk(language="es")
    since = row.waiting_since
    assert tend(conversation_id=row.pk)["told_away"] == 1
    assert tend(conversation_id=row.pk)["told_away"] == 0
    assert tend_all()["told_away"] == 0
    message = row.messages.get()
    assert message.text.startswith("Ahora mismo estamos fuera de horario. Abrimos el ")
    assert (message.author, message.state) == ("system", "queued")
    row.refresh_from_db()
    assert row.away_until == opening_hours().next_opening(timezone.now())
    assert (row.waiting_since, row.controller) == (since, "human")

    # Next time we are closed, and they write again, they are told again.
    Conversation.objects.update(away_until=timezone.now())
    assert tend_all()["told_away"] == 1


@pytest.mark.parametrize(
    "kwargs",
    [
        {"controller": "ai"},  # which answers day and night
        {"waiting_since": None},
        {"surface": "comments"},
        {"status": "closed"},
        {"is_led_elsewhere": True},
    ],
    ids=lambda kwargs: next(iter(kwargs)),
)
def test_nobody_else_is_told(shut, kwargs):
    row = talk(**kwargs)
    assert tend(conversation_id=row.pk)["told_away"] == 0
    assert not row.messages.exists()


def test_nobody_is_told_while_somebody_is_there(shut):
    talk()
    [ada] = team("ada", role="agent")
    assert is_anybody_there()
    assert tend_all()["told_away"] == 0
    set_away(user=ada, is_away=True)
    assert tend_all()["told_away"] == 1


def test_nobody_is_told_in_opening_hours_nor_where_it_is_switched_off(shut):
    talk()
    ours(opening_hours={})
    assert tend_all()["told_away"] == 0
    ours(opening_hours=closed_now(), says_away=False)
    assert tend_all()["told_away"] == 0


def test_who_wrote_before_we_closed_is_not_told_when_we_do(shut):
    row = talk()
    closed = opening_hours().closed_since(timezone.now())
    assert closed is not None
    Conversation.objects.update(last_inbound_at=closed - timedelta(hours=1))
    assert tend_all()["told_away"] == 0
    Conversation.objects.update(last_inbound_at=closed - timedelta(minutes=1))
    assert tend_all()["told_away"] == 1
    assert len(told(row)) == 1


def test_what_may_not_be_said_is_not_tried_again(shut):
    long_ago = timezone.now() - timedelta(hours=30)
    connection = make_connection(platform="whatsapp")
    row = talk(connection=connection, last_inbound_at=timezone.now())
    Conversation.objects.update(last_inbound_at=long_ago)
    ours(opening_hours={})
    ours(opening_hours=closed_now())
    assert tend_all()["told_away"] == 0
    row.refresh_from_db()
    assert not row.messages.exists()
    assert row.away_until is not None


def test_a_hand_over_rings_at_once(shut, work, django_capture_on_commit_callbacks):
    row = talk(controller="ai")
    with django_capture_on_commit_callbacks(execute=True):
        services.hand_over(conversation=row, reason="asks_for_human", text="I pass it on.")
    work()
    said = row.messages.filter(direction="out").order_by("pk").values_list("author", flat=True)
    assert list(said) == ["ai", "system"]


IN_DUBAI = datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("Asia/Dubai"))
NOW = datetime(2026, 11, 20, 20, 0, tzinfo=MADRID)  # a Friday evening


@pytest.mark.parametrize(
    ("opens", "language", "words"),
    [
        (NOW.replace(hour=22), "en", "today at 22:00 (CET)"),
        (NOW + timedelta(hours=13), "es", "mañana a las 09:00 (CET)"),
        (NOW + timedelta(days=3, hours=-11), "en", "on Monday at 09:00 (CET)"),
        (NOW + timedelta(days=3, hours=-11), "es", "el lunes a las 09:00 (CET)"),
        (NOW + timedelta(days=3, hours=-11), "ar", "يوم الاثنين في الساعة 09:00 (CET)"),
        (NOW + timedelta(days=3, hours=-11), "fr", "lundi, 09:00 (CET)"),
        (NOW + timedelta(days=48, hours=-11), "es", "el 7 de enero a las 09:00 (CET)"),
        (NOW + timedelta(days=48, hours=-11), "en", "on 7 January at 09:00 (CET)"),
        (IN_DUBAI, "en", "tomorrow at 09:00 (GMT+04)"),
    ],
)
def test_the_next_opening_in_words(opens, language, words):
    assert opening_words(opens, now=NOW, language=language) == words


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es-MX", "Volvemos hoy a las 22:00 (UTC)."),
        ("fr", "On rouvre vendredi, 22:00 (UTC)."),
        ("de", "On rouvre vendredi, 22:00 (UTC)."),
    ],
)
def test_the_companys_own_words_come_first(language, expected):
    own = {"es": "Volvemos {opening}.", "fr": "On rouvre {opening}.", "en": " "}
    now = datetime(2026, 11, 20, 20, tzinfo=UTC)
    opens = now.replace(hour=22)
    assert away_sentence(language, own, usual="fr", now=now, opens=opens) == expected


def test_a_seat_is_made_when_it_is_needed(north):
    user = make_user()
    assert not Seat.objects.exists()
    set_away(user=user, is_away=False)
    assert not Seat.objects.get().is_away
