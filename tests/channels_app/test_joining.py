"""Contacts for whom two networks vouch become one by themselves, once, and are told apart again."""

import pytest
from django.db import transaction

from channels_app import services
from channels_app.models import Contact, ContactMerge, MergeSuggestion
from leads.models import Lead
from tenants.workspace.services import change_profile
from tests.channels_app.conftest import connected
from tests.channels_app.test_merging import NUMBER, PHONE, met, pair, understood
from tests.committed import Threads, committed
from tests.factories import make_contact


def join() -> int:
    return services.compare_people()["joined"]


def test_one_number_on_two_networks_is_one_contact_and_one_lead(north):
    one, other = pair()
    understood(one.conversations.get(), budget="900 EUR")
    understood(other.conversations.get(), role="CEO")

    assert join() == 1
    [lead] = Lead.objects.all()
    assert (lead.contact, set(lead.facts)) == (one, {"budget", "role"})
    assert ContactMerge.objects.get().actor == "system"
    assert join() == 0


def test_who_was_told_apart_again_stays_so(north):
    pair()
    join()
    services.undo(merge=ContactMerge.objects.get(), actor="user:1")
    assert join() == 0
    assert Contact.objects.standing().count() == 2


def test_a_shared_number_is_asked_about(north):
    for number in range(3):
        met("twilio", NUMBER, account=f"+1555000{number}", **PHONE)
    assert services.compare_people() == {"suggested": 3, "joined": 0}


def test_a_company_may_want_to_be_asked(north):
    change_profile(actor="user:1", joins_proven=False)
    pair()
    assert services.compare_people() == {"suggested": 1, "joined": 0}
    change_profile(actor="user:1", joins_proven=True)
    assert join() == 1


def test_whom_we_wrote_down_is_who_writes_with_that_number(north):
    recorded = make_contact(name="Ada", phone=NUMBER)
    met("whatsapp", NUMBER.lstrip("+"), name="Ada W.", **PHONE)
    assert join() == 1
    [line, *_rest] = MergeSuggestion.objects.get().evidence
    assert (line["grade"], line["value"]) == ("recorded", NUMBER)
    assert Contact.objects.standing().get() == recorded


@pytest.mark.parametrize("twin", [True, False])
def test_nobody_is_compared_at_once_who_has_no_twin(
    north, django_capture_on_commit_callbacks, twin
):
    if twin:
        met("whatsapp", NUMBER.lstrip("+"), **PHONE)
    with django_capture_on_commit_callbacks() as rung:
        met("twilio", NUMBER, **PHONE)
    assert any("compare_people" in repr(each) for each in rung) is twin


def test_both_channels_at_the_same_moment_and_two_workers_after_them(
    django_db_setup, django_db_blocker
):
    with django_db_blocker.unblock(), committed():
        for platform in ("whatsapp", "twilio"):
            connected(platform, platform)

        def write(platform: str, person_id: str, **facts: str) -> None:
            with transaction.atomic():
                understood(met(platform, person_id, **PHONE), **facts)
            services.compare_people()

        threads = Threads()
        threads.run(
            [
                lambda: write("whatsapp", NUMBER.lstrip("+"), budget="900 EUR"),
                lambda: write("twilio", NUMBER, role="CEO"),
            ]
        )
        assert not threads.errors
        services.compare_people()
        [lead] = Lead.objects.all()
        assert lead.facts == {"budget": "900 EUR", "role": "CEO"}
        assert sum(row.points for row in lead.contributions.all()) == lead.score
        assert Contact.objects.standing().count() == 1
