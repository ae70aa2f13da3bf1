"""The pages of hours, promises and turns: what is filled in, and what is said about it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_app.models import Promise, Seat
from channels_app.services.winding import wind_by_key
from tenants.workspace.models import Profile
from tests.factories import make_contact, make_conversation, make_user

HOURS = {"mon": "9-13, 15-18", "other_days": "12-25 Christmas", "says_away": "on"}


def test_hours_are_kept_as_they_are_read(sign_in):
    admin = sign_in("admin")
    saved = admin.post(reverse("channels_app:hours"), {**HOURS, "away": "es: Volvemos {opening}."})
    assert saved.status_code == 302
    ours = Profile.current()
    assert ours.opening_hours == {"mon": "09:00-13:00, 15:00-18:00"}
    assert (ours.says_away, ours.away) == (True, {"es": "Volvemos {opening}."})
    assert ours.promised_at is not None
    page = admin.get(reverse("channels_app:hours")).content.decode()
    assert 'value="09:00-13:00, 15:00-18:00"' in page


@pytest.mark.parametrize(
    ("name", "said"),
    [("mon", "all day"), ("other_days", "Christmas"), ("away", "Back soon"), ("tue", "9-8")],
)
def test_what_is_not_readable_is_said_beside_its_field(sign_in, name, said):
    answer = sign_in("admin").post(reverse("channels_app:hours"), {**HOURS, name: said})
    assert answer.status_code == 422
    assert f'id="id_{name}_error"' in answer.content.decode()
    assert Profile.current().opening_hours == {}


def test_a_promise_is_made_changed_and_removed(sign_in):
    admin = sign_in("admin")
    said = {"name": "All", "first_minutes": "30", "in_hours": "on"}
    assert admin.post(reverse("channels_app:add_promise"), said).status_code == 302
    row = Promise.objects.get()
    again = admin.post(reverse("channels_app:add_promise"), said)
    assert (again.status_code, Promise.objects.count()) == (422, 1)
    path = reverse("channels_app:promise", args=[row.pk])
    assert admin.post(path, {**said, "first_minutes": ""}).status_code == 422
    assert admin.post(path, {**said, "first_minutes": "45"}).status_code == 302
    row.refresh_from_db()
    assert row.first_minutes == 45
    assert admin.post(reverse("channels_app:due_soon"), {"due_soon_minutes": "30"}).url
    assert Profile.current().due_soon_minutes == 30
    admin.post(reverse("channels_app:remove_promise", args=[row.pk]))
    assert not Promise.objects.exists()


def test_turns_and_seats_are_set(sign_in):
    admin, colleague = sign_in("admin"), make_user(role="agent")
    admin.post(reverse("channels_app:turns"), {"gives_out": "on", "capacity": "4"})
    ours = Profile.current()
    assert (ours.gives_out, ours.gives_to_present, ours.capacity) == (True, False, 4)
    path = reverse("channels_app:seat", args=[colleague.pk])
    admin.post(path, {"capacity": "2"})
    seat = Seat.objects.get(user=colleague)
    assert (seat.takes_turns, seat.capacity) == (False, 2)
    admin.post(path, {"takes_turns": "on", "capacity": "-1"})
    seat.refresh_from_db()
    assert not seat.takes_turns


def test_the_switch_in_the_inbox(sign_in):
    agent = sign_in("agent")
    assert agent.post(reverse("channels_app:away"), {"away": "1"}).status_code == 302
    assert 'aria-pressed="true"' in agent.get(reverse("channels_app:inbox")).content.decode()
    agent.post(reverse("channels_app:away"), {"away": "0"})
    assert 'aria-pressed="false"' in agent.get(reverse("channels_app:inbox")).content.decode()


def test_what_is_due_is_shown_in_the_list_and_in_the_thread(sign_in):
    admin = sign_in("admin")
    page = admin.get(reverse("channels_app:inbox")).content.decode()
    assert "tab=overdue" not in page  # nothing is promised
    admin.post(reverse("channels_app:add_promise"), {"name": "All", "first_minutes": "30"})
    for name, minutes in (("Ada", 50), ("Ben", 20), ("Cleo", 0)):
        since = timezone.now() - timedelta(minutes=minutes)
        row = make_conversation(
            contact=make_contact(name=name), last_message_at=since, waiting_since=since
        )
        wind_by_key(row.pk)
    page = admin.get(reverse("channels_app:inbox")).content.decode()
    for words in ("Overdue by 20 min", "Due in 10 min", "Due in 30 min"):
        assert words in page
    late = admin.get(reverse("channels_app:inbox"), {"tab": "overdue"}).content.decode()
    assert ("Ada" in late, "Ben" in late) == (True, False)
    thread = admin.get(reverse("channels_app:conversation", args=[row.pk])).content.decode()
    assert thread.count("First response due") >= 2
