"""One person is one lead: surely so where it is proven, asked about where it is only said."""

import pytest
from django.urls import reverse

from channels_app import services as channels
from channels_app.models import Contact, ContactMerge, MergeSuggestion
from leads.models import Lead
from leads.services import (
    add_task,
    change_tags,
    correct_facts,
    duplicates,
    importing,
    make_tag,
    override_score,
    set_stage,
)
from leads.services.importing import ImportRefused
from leads.services.timeline import changes_of
from tenants.histories import before_of
from tests.committed import Threads, committed
from tests.factories import make_contact, make_lead

FILE = b"Name,E-mail,Phone\nAda,ada@acme.example,+34 600 11 22 33\n"


def lead_with(**facts: str) -> Lead:
    return correct_facts(lead=make_lead(contact=make_contact(name="")), facts=facts, actor="user:1")


def add_up() -> None:
    for lead in Lead.everything.all():
        assert sum(row.points for row in lead.contributions.all()) == lead.score


class TestAsking:
    @pytest.mark.parametrize(
        ("one", "other", "key"),
        [
            ({"email": "ada@acme.example"}, {"email": "Ada@Acme.example"}, "email"),
            ({"phone": "+34600112233"}, {"phone": "+34600112233"}, "phone"),
            (
                {"name": "Ada Byron", "company": "Acme, Inc"},
                {"name": "ada  byron", "company": "ACME Inc."},
                "company",
            ),
        ],
    )
    def test_what_both_say_is_asked_about_and_never_acted_upon(self, north, one, other, key):
        first, second = lead_with(**one), lead_with(**other)
        assert duplicates.compare_new_leads() == 1
        [pair] = duplicates.with_leads(duplicates.duplicates_of(second))
        assert (pair.one, pair.other, pair.suggestion.grade) == (first, second, "likely")
        assert [line["grade"] for line in pair.suggestion.evidence] == ["claimed"]
        assert pair.suggestion.evidence[0]["key"] == key
        assert channels.compare_people() == {"suggested": 0, "joined": 0}
        assert duplicates.compare_new_leads() == 0

    def test_anything_less_is_nothing(self, north):
        lead_with(name="Ada Byron", company="Acme")
        lead_with(name="Ada Byron", company="Initech")
        lead_with(name="Bob", company="Acme")
        lead_with(company="Acme")
        assert duplicates.compare_new_leads() == 0

    def test_who_said_two_is_not_asked_again_and_an_office_is_nobody(self, north):
        lead_with(email="ada@acme.example")
        other = lead_with(email="ada@acme.example")
        duplicates.compare_new_leads()
        channels.dismiss(suggestion=MergeSuggestion.objects.get(), actor="user:1")
        correct_facts(lead=other, facts={"company": "Acme"}, actor="user:1")
        assert duplicates.compare_new_leads() == 0
        for _ in range(6):
            lead_with(phone="+34911111111")
        assert duplicates.compare_new_leads() == 0


def test_two_leads_with_their_work_become_one_and_two_again(north, people):
    mine, theirs = lead_with(budget="900 EUR"), lead_with(role="CEO", email="ada@acme.example")
    set_stage(lead=theirs, stage="qualified", actor="user:1")
    override_score(lead=Lead.objects.get(pk=theirs.pk), score=60, actor="user:1")
    change_tags(lead=theirs, add=[make_tag(name="VIP", actor="user:1")], actor="user:1")
    task = add_task(lead=theirs, title="Ring", actor="user:1")
    before = {lead.pk: (lead.score, lead.stage, lead.facts) for lead in Lead.objects.all()}

    row = duplicates.merge_leads(survivor=mine, absorbed=theirs, actor="user:1")

    [lead] = Lead.objects.all()
    assert (lead.pk, lead.stage) == (mine.pk, "qualified")
    assert set(lead.facts) == {"budget", "role", "email"}
    assert [tag.name for tag in lead.tags.all()] == ["VIP"]
    assert list(lead.tasks.all()) == [task]
    told = [moment.text for moment in changes_of(lead, before_of(""), 50)]
    assert "– → CEO" in told  # what happened to the other one
    add_up()

    channels.undo(merge=row, actor="user:1")
    assert {lead.pk: (lead.score, lead.stage, lead.facts) for lead in Lead.objects.all()} == before
    assert list(Lead.objects.get(pk=theirs.pk).tasks.all()) == [task]
    assert not Lead.objects.get(pk=mine.pk).tags.exists()
    add_up()


class TestPages:
    def test_the_pair_is_shown_merged_and_taken_apart(self, sign_in):
        one, other = lead_with(email="ada@acme.example"), lead_with(email="ada@acme.example")
        duplicates.compare_new_leads()
        pk = MergeSuggestion.objects.get().pk
        agent = sign_in("agent")
        page = agent.get(reverse("leads:duplicates")).content.decode()
        assert page.count("ada@acme.example") >= 3
        agent.post(reverse("leads:merge_duplicate", args=[pk]), {"survivor": other.pk})
        assert Lead.objects.get() == other
        shown = agent.get(reverse("leads:lead", args=[other.pk])).content.decode()
        undo = reverse("leads:part", args=[other.pk, ContactMerge.objects.get().pk])
        assert undo in shown
        agent.post(undo)
        assert set(Lead.objects.all()) == {one, other}

    def test_over_the_api(self, sign_in):
        one, other = lead_with(phone="+34600112233"), lead_with(phone="+34600112233")
        duplicates.compare_new_leads()
        agent = sign_in("agent")
        [found] = agent.get("/api/v1/lead-duplicates/").json()["results"]
        assert (found["one"]["id"], found["other"]["id"]) == (one.pk, other.pk)
        path = f"/api/v1/lead-duplicates/{found['id']}"
        assert agent.post(f"{path}/merge/", {"survivor": 9}).status_code == 400
        merged = agent.post(f"{path}/merge/", {"survivor": other.pk})
        assert (merged.status_code, Lead.objects.get().pk) == (201, other.pk)
        assert agent.post(f"{path}/merge/").status_code == 404
        undone = agent.post(f"/api/v1/contact-merges/{merged.json()['id']}/undo/")
        assert undone.status_code == 200
        again = agent.post(f"/api/v1/leads/{one.pk}/merge/", {"absorbed": other.pk})
        assert (again.status_code, Lead.objects.get().pk) == (201, one.pk)
        assert agent.post(f"/api/v1/leads/{one.pk}/merge/", {"absorbed": one.pk}).status_code == 400


class TestOneLead:
    """Imported twice, posted twice: the third way, two channels, is in test_joining."""

    def test_a_file_started_twice_at_once_and_again_afterwards(
        self, django_db_setup, django_db_blocker
    ):
        with django_db_blocker.unblock(), committed():
            refused: list[str] = []

            def bring() -> None:
                order = importing.upload(file_name="a.csv", content=FILE, actor="user:1")
                try:
                    importing.start(order=order, actor="user:1")
                except ImportRefused as error:
                    refused.append(error.code)
                    return
                importing.import_next(import_id=order.pk)

            threads = Threads()
            threads.run([bring, bring])
            assert not threads.errors
            bring()
            assert set(refused) <= {"busy"}
            assert Lead.objects.count() == Contact.objects.count() == 1

    def test_a_file_of_who_wrote_already_is_their_lead(self, north):
        from tests.channels_app.test_merging import PHONE, met, understood

        about = {**PHONE, "phone": "+34600112233"}
        talk = met("whatsapp", "34600112233", **about)
        theirs = understood(talk, budget="900 EUR")
        Contact.objects.update(phone="", phone_index="")  # a person took it out by hand
        order = importing.upload(
            file_name="a.csv", content=b"Phone,Role\n0034600112233,CEO\n", actor="user:1"
        )
        importing.start(order=order, actor="user:1")
        importing.import_next(import_id=order.pk)
        assert Lead.objects.get() == theirs

    def test_posted_twice_with_one_key_at_once(self, django_db_setup, django_db_blocker):
        from django.test import Client

        from tenants.services import create_api_key

        with django_db_blocker.unblock(), committed():
            key = create_api_key(name="Shop", role="agent")[1]
            seen: list[tuple[int, int | None]] = []

            def post() -> None:
                head = {"Host": "north.localhost", "Authorization": f"Bearer {key}"}
                answer = Client(headers={**head, "Idempotency-Key": "one"}).post(
                    "/api/v1/leads/",
                    {"message": "I need 40 chairs.", "email": "ada@acme.example"},
                    "application/json",
                )
                seen.append((answer.status_code, answer.json().get("lead")))

            threads = Threads()
            threads.run([post, post])
            assert not threads.errors
            post()
            assert Lead.objects.count() == Contact.objects.count() == 1
            assert {status for status, _lead in seen} <= {201, 409}
            assert {lead for status, lead in seen if status == 201} == {Lead.objects.get().pk}
