"""One person over many channels: suggested on proof, merged by people, and taken back whole."""

import random
from functools import partial

import pytest
from django.apps import apps
from django.db import connection as database
from django.db import transaction
from django.db.models import Sum

from channels_app import proofs, services, wire
from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    InboundEvent,
    MergeSuggestion,
    Message,
    OptOut,
)
from channels_app.outbox import SendRefused, post_message
from channels_app.providers.values import Person
from channels_app.services.contacts import called, list_contacts
from channels_app.services.people import conversation_with
from crm.models import SyncRecord
from crm.services import push_due
from leads.models import Contribution, Lead
from leads.services import apply_understanding, override_score
from tenants import context
from tenants.audit.models import AuditEntry
from tests.channels_app.conftest import connected
from tests.committed import Threads, committed
from tests.crm.conftest import crm_server as crm_server
from tests.factories import make_contact, make_crm, make_message

NUMBER = "+34600111222"
PHONE = {"phone": NUMBER, "proven": ("phone",)}


def met(platform: str, person_id: str, *, account: str = "", **about) -> Conversation:
    """Somebody who wrote to us on a network for the first time."""
    found = ChannelConnection.objects.filter(platform=platform, account_id=account or platform)
    channel = found.first() or connected(platform, account or platform)
    person = Person(id=person_id, **about)
    with transaction.atomic():
        conversation = conversation_with(connection=channel, person=person)
        conversation.save()
    make_message(conversation=conversation)
    return conversation


def pair(**about) -> tuple[Contact, Contact]:
    """The same number on WhatsApp and by SMS."""
    one = met("whatsapp", NUMBER.lstrip("+"), name="Ada", **PHONE)
    other = met("twilio", NUMBER, **{"name": "Ada B.", **PHONE, **about})
    return one.contact, other.contact


def merge(survivor: Contact, absorbed: Contact) -> ContactMerge:
    return services.merge(survivor=survivor, absorbed=absorbed, actor="user:1")


def undo(row: ContactMerge) -> ContactMerge:
    return services.undo(merge=row, actor="user:1")


class TestSuggesting:
    def test_a_number_that_two_networks_vouch_for_is_evidence(self, north):
        one, other = pair()
        assert services.compare_new_identities() == 1

        [found] = services.open_suggestions(one)
        assert (found.one, found.other) == (one, other)
        assert found.evidence == [
            {
                "key": "phone",
                "value": NUMBER,
                "grade": "proven",
                "here": "whatsapp",
                "there": "twilio",
            }
        ]
        assert services.compare_new_identities() == 0

    @pytest.mark.parametrize(
        "about",
        [
            {"phone": NUMBER, "proven": ()},  # typed into a form
            {"phone": "+34600111223"},
            {"phone": "", "proven": ("phone",)},
            {"phone": "12345"},  # a short code
        ],
    )
    def test_anything_less_is_none(self, north, about):
        one, other = pair(**about)
        assert services.compare_new_identities() == 0
        if other.phone == NUMBER:
            claimed = services.evidence_between(one, other)
            assert [line["grade"] for line in claimed] == ["claimed"]

    def test_an_address_counts_from_the_letter_that_proves_it(self, north):
        met("email", "ada@acme.example", account="a@shop.example", email="ada@acme.example")
        about = {"email": "Ada@acme.example", "proven": ("email",)}
        met("email", "ada@acme.example", account="b@shop.example", **about)
        assert services.compare_new_identities() == 0

        met("email", "ada@acme.example", account="a@shop.example", **about)
        assert services.compare_new_identities() == 1
        assert MergeSuggestion.objects.get().evidence[0]["value"] == "ada@acme.example"

    def test_a_switchboard_is_nobody(self, north):
        for number in range(7):
            met("twilio", NUMBER, account=f"+1555000{number}", **PHONE)
        assert services.compare_new_identities() == 0

    def test_whoever_said_no_is_not_asked_again_without_new_proof(self, north):
        one, other = pair()
        services.compare_new_identities()
        services.dismiss(suggestion=MergeSuggestion.objects.get(), actor="user:1")
        ContactIdentity.objects.update(compared_at=None)
        assert services.compare_new_identities() == 0
        assert not services.open_suggestions().exists()

        about = {"email": "ada@acme.example", "proven": ("email",)}
        for contact, account in ((one, "a@shop.example"), (other, "b@shop.example")):
            made = met("email", "ada@acme.example", account=account, **about).contact
            merge(contact, made)
        assert services.compare_new_identities() >= 1
        assert services.open_suggestions(one).filter(other=other).exists()

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("5215512345678", "+52 55 1234 5678"),
            ("5491112345678", "+54 11 1234-5678"),
            ("551187654321", "+55 11 98765-4321"),
        ],
    )
    def test_one_line_is_written_in_several_ways(self, one, other):
        assert proofs.comparable_phone(one) == proofs.comparable_phone(other)

    def test_the_other_company_is_somebody_else(self, north, south):
        pair()
        with context.inside(south):
            met("twilio", NUMBER, account="south", **PHONE)
            assert services.compare_new_identities() == 0
        services.compare_new_identities()
        with context.inside(south):
            assert not MergeSuggestion.objects.exists()


class TestMerging:
    def test_everything_moves_and_the_other_remains_as_a_pointer(self, north):
        one, other = pair()
        services.compare_new_identities()
        merge(one, other)

        other.refresh_from_db()
        assert other.absorbed_into == one
        assert one.identities.count() == one.conversations.count() == 2
        assert not other.identities.exists()
        assert MergeSuggestion.objects.get().state == "merged"
        assert list(Contact.objects.standing()) == [one]
        entry = AuditEntry.objects.get(action="contact.merged")
        assert entry.subject == f"contact:{one.pk}"
        assert NUMBER not in str(entry.details)

    def test_who_said_stop_is_not_written_to(self, north):
        one, other = pair()
        services.opt_out(contact=other, source="contact")
        merge(one, other)
        with pytest.raises(SendRefused) as refused:
            post_message(
                conversation=one.conversations.order_by("pk").first(), text="Hi", author="human"
            )
        assert refused.value.code == "opted_out"

    def test_what_both_said_is_kept_once_and_comes_back_twice(self, north):
        one, other = pair()
        for contact in (one, other):
            services.opt_out(contact=contact, source="contact", purpose="marketing")
        row = merge(one, other)
        assert OptOut.objects.in_force().filter(contact=one).count() == 1
        undo(row)
        for contact in (one, other):
            contact.refresh_from_db()
            assert contact.has_opted_out
            assert contact.opt_outs.in_force().count() == 1

    def test_a_stop_said_while_they_were_one_holds_for_both(self, north):
        one, other = pair()
        row = merge(one, other)
        services.opt_out(contact=one, source="contact")
        undo(row)
        for contact in (one, other):
            contact.refresh_from_db()
            assert contact.has_opted_out

    def test_a_stop_said_by_who_is_part_of_another_holds_for_that_one(self, north):
        one, other = pair()
        merge(one, other)
        for _ in range(2):  # twice is once
            services.opt_out(contact=Contact(pk=other.pk), source="network")
        one.refresh_from_db()
        assert one.has_opted_out
        assert one.opt_outs.in_force().count() == 1
        services.opt_in(contact=other, source="contact")
        one.refresh_from_db()
        assert not one.has_opted_out

    def test_both_addresses_find_who_stands(self, north):
        one, other = pair(email="ada@acme.example")
        Contact.objects.filter(pk=one.pk).update(email_index="x")
        one.refresh_from_db()
        one.email = "other@acme.example"
        one.save()
        merge(one, other)
        for typed in ("ada@acme.example", "other@acme.example", NUMBER):
            assert list_contacts(search=typed).rows == [one]
            found = Contact.objects.filter(called(typed))
            assert Conversation.objects.filter(contact__in=found).count() == 2

    def test_what_is_not_known_is_learnt_and_forgotten_again(self, north):
        one, other = pair(email="ada@acme.example")
        row = merge(one, other)
        one.refresh_from_db()
        assert (one.name, one.email) == ("Ada", "ada@acme.example")
        undo(row)
        one.refresh_from_db()
        assert one.email == ""

    def test_a_correction_made_since_is_kept(self, north):
        one, other = pair(email="ada@acme.example")
        row = merge(one, other)
        one.refresh_from_db()
        one.email = "ada@new.example"
        one.save()
        undo(row)
        one.refresh_from_db()
        assert one.email == "ada@new.example"

    def test_a_block_is_kept_by_whom_it_was_about(self, north):
        one, other = pair()
        Contact.objects.filter(pk=other.pk).update(is_blocked=True)
        row = merge(one, other)
        one.refresh_from_db()
        assert one.is_blocked
        undo(row)
        one.refresh_from_db()
        other.refresh_from_db()
        assert (one.is_blocked, other.is_blocked) == (False, True)

    def test_new_messages_stay_with_the_identity_they_came_on(self, north):
        one, other = pair()
        row = merge(one, other)
        old = met("twilio", NUMBER, **PHONE)
        staying = met("whatsapp", NUMBER.lstrip("+"), **PHONE)
        alias = Person(id=NUMBER, aliases=("TW.1",), **PHONE)
        with transaction.atomic():  # what the network calls them besides, told since
            conversation_with(connection=old.connection, person=alias)
        assert old.contact == staying.contact == one

        undo(row)

        old.refresh_from_db()
        staying.refresh_from_db()
        assert (old.contact, staying.contact) == (other, one)
        assert set(other.identities.values_list("platform", flat=True)) == {"twilio"}
        assert other.identities.count() == 2
        assert old.messages.count() == 2

    def test_a_chain_is_undone_from_its_end(self, north):
        one, other = pair()
        third = make_contact()
        first = merge(one, other)
        second = merge(third, one)
        assert met("twilio", NUMBER, **PHONE).contact == third
        with pytest.raises(services.MergeRefused) as refused:
            undo(first)
        assert refused.value.code == "absorbed"
        undo(second)
        undo(first)
        assert other.conversations.count() == 1
        assert Contact.objects.standing().count() == 3

    def test_what_cannot_be(self, north):
        one, other = pair()
        for survivor, absorbed, code in ((one, one, "same"), (one, Contact(pk=0), "gone")):
            with pytest.raises(services.MergeRefused) as refused:
                merge(survivor, absorbed)
            assert refused.value.code == code
        row = merge(one, other)
        for deed in (lambda: merge(one, other), lambda: merge(other, one)):
            with pytest.raises(services.MergeRefused):
                deed()
        undo(row)
        with pytest.raises(services.MergeRefused):
            undo(row)

    def test_what_is_written_for_the_absorbed_is_kept_with_who_stands(self, north):
        """A worker that read the contact before the merge, and writes after it."""
        one, other = pair()
        merge(one, other)
        stale = Contact(pk=other.pk)
        channel = Conversation.objects.first().connection
        made = Conversation.objects.create(
            connection=channel, contact=stale, external_thread="t", thread_index="t"
        )
        said = OptOut.objects.create(contact=stale, source="network")
        made.refresh_from_db()
        said.refresh_from_db()
        assert made.contact == said.contact == one

    def test_every_table_that_names_a_contact_is_thought_of(self, north):
        """A new one needs the trigger, and a follower if its rows move."""
        moved = {"ContactIdentity", "Conversation", "OptOut", "Lead"}
        about_merges = {"Contact", "MergeSuggestion", "ContactMerge"}
        naming = {
            model.__name__
            for model in apps.get_models()
            for field in model._meta.local_fields
            if field.is_relation and field.related_model is Contact
        }
        assert naming == moved | about_merges
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT event_object_table FROM information_schema.triggers"
                " WHERE trigger_name = 'contact_that_stands' AND trigger_schema = 'north'"
            )
            guarded = {table for (table,) in cursor.fetchall()}
        assert guarded == {
            model._meta.db_table for model in apps.get_models() if model.__name__ in moved
        }


def understood(conversation: Conversation, **facts: str) -> Lead:
    text = " ".join(facts.values())
    message = make_message(conversation=conversation, text=text)
    lead = apply_understanding(
        conversation=conversation, message=message, facts=facts, intent="sales"
    )
    assert lead is not None
    return lead


def add_up() -> None:
    with database.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for lead in Lead.everything.all():
        total = Contribution.objects.filter(lead=lead).aggregate(sum=Sum("points"))["sum"] or 0
        assert lead.score == total
        for row in lead.evidence.exclude(message=None).select_related("message__conversation"):
            assert row.message.conversation.contact_id == lead.contact_id
    assert not Lead.objects.filter(contact__absorbed_into__isnull=False).exists()


class TestLeads:
    def test_two_leads_become_one_and_two_again(self, north):
        one, other = pair()
        mine = understood(one.conversations.get(), budget="900 EUR")
        theirs = understood(other.conversations.get(), email="ada@acme.example", role="CEO")
        before = (mine.score, mine.facts, theirs.score, theirs.facts)
        row = merge(one, other)

        [lead] = Lead.objects.all()
        assert lead.pk == mine.pk
        assert lead.facts == {"budget": "900 EUR", "email": "ada@acme.example", "role": "CEO"}
        assert lead.score == 25 + 20 + 8 + 5
        add_up()

        undo(row)
        mine.refresh_from_db()
        theirs.refresh_from_db()
        assert (mine.score, mine.facts, theirs.score, theirs.facts) == before
        add_up()

    def test_the_only_lead_comes_along_and_leaves_what_is_the_survivors(self, north):
        one, other = pair()
        theirs = understood(other.conversations.get(), role="CEO")
        row = merge(one, other)
        assert Lead.objects.get(contact=one) == theirs
        understood(one.conversations.order_by("pk").first(), budget="900 EUR")
        add_up()
        undo(row)
        assert Lead.objects.get(contact=other).facts == {"role": "CEO"}
        assert Lead.objects.get(contact=one).facts == {"budget": "900 EUR"}
        add_up()

    def test_what_was_understood_since_goes_with_its_conversation(self, north):
        one, other = pair()
        understood(one.conversations.get(), budget="900 EUR")
        row = merge(one, other)
        understood(Conversation.objects.get(connection__platform="twilio"), role="CEO")
        undo(row)
        assert Lead.objects.get(contact=one).facts == {"budget": "900 EUR"}
        assert Lead.objects.get(contact=other).facts == {"role": "CEO"}
        add_up()

    def test_a_persons_correction_and_the_stage_are_taken_on_and_given_up(self, north):
        one, other = pair()
        mine = understood(one.conversations.get(), budget="900 EUR")
        theirs = understood(other.conversations.get(), role="CEO")
        override_score(lead=theirs, score=50, actor="user:1", reason="I know her")
        Lead.objects.filter(pk=theirs.pk).update(stage="qualified")
        row = merge(one, other)
        mine.refresh_from_db()
        assert mine.stage == "qualified"
        assert mine.contributions.get(rule="manual").points == 20
        add_up()
        undo(row)
        mine.refresh_from_db()
        theirs.refresh_from_db()
        assert (mine.stage, mine.score) == ("new", 45)
        assert (theirs.stage, theirs.score) == ("qualified", 50)
        add_up()

    def test_words_understood_by_a_worker_that_read_the_old_contact(self, north):
        one, other = pair()
        understood(one.conversations.get(), budget="900 EUR")
        understood(other.conversations.get(), role="CEO")
        stale = Conversation.objects.select_related("contact").get(connection__platform="twilio")
        assert stale.contact == other
        merge(one, other)
        understood(stale, email="ada@acme.example")
        assert Lead.objects.get().facts["email"] == "ada@acme.example"
        add_up()


class TestCrm:
    @pytest.fixture
    def hubspot(self, north, crm_server):
        return make_crm()

    def test_one_record_is_kept_up_and_the_other_says_which(
        self, hubspot, crm_server, django_capture_on_commit_callbacks
    ):
        one, other = pair()
        with django_capture_on_commit_callbacks(execute=True):
            mine = understood(one.conversations.get(), budget="900 EUR")
            theirs = understood(other.conversations.get(), role="CEO")
        push_due(connection=hubspot)
        assert len(crm_server.contacts) == 2

        with django_capture_on_commit_callbacks(execute=True):
            row = merge(one, other)
        push_due(connection=hubspot)
        kept, marked = (crm_server.contacts[f"north-{lead.pk}"] for lead in (mine, theirs))
        assert marked["leadwire_merged_into"] == f"north-{mine.pk}"
        assert "leadwire_merged_into" not in kept
        assert kept["jobtitle"] == "CEO"
        ids = dict(SyncRecord.objects.values_list("lead", "external_id"))
        assert ids == {lead.pk: f"hnorth-{lead.pk}" for lead in (mine, theirs)}

        with django_capture_on_commit_callbacks(execute=True):
            undo(row)
        push_due(connection=hubspot)
        assert crm_server.contacts[f"north-{theirs.pk}"]["leadwire_merged_into"] == "none"
        assert crm_server.contacts[f"north-{theirs.pk}"]["jobtitle"] == "CEO"

    def test_what_a_crm_never_heard_of_it_need_not(
        self, hubspot, crm_server, django_capture_on_commit_callbacks
    ):
        one, other = pair()
        with django_capture_on_commit_callbacks(execute=True):
            mine = understood(one.conversations.get(), budget="900 EUR")
            understood(other.conversations.get(), role="CEO")
            merge(one, other)
        push_due(connection=hubspot)
        assert list(crm_server.contacts) == [f"north-{mine.pk}"]


# -- while messages arrive

ROUNDS = 40


@pytest.fixture
def accounts(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), committed():
        with transaction.atomic():
            made = [connected("custom", f"race-{number}") for number in range(2)]
        yield made


def write(account: ChannelConnection, number: int, sender: str) -> None:
    body = wire.dumps(
        {"type": "message", "id": f"r{number}", "text": f"{number}", "from": {"id": sender}}
    )
    items = account.provider().split(body)
    for event_id in services.store(connection_id=account.pk, items=items):
        services.ingest(event_id=event_id)


class Race:
    """Two threads write, from old threads and from new ones, while a third merges and parts."""

    def __init__(self, accounts: list[ChannelConnection]) -> None:
        self.accounts = accounts
        for number, account in enumerate(accounts):
            write(account, number, "ada")
        self.contacts = [
            Contact.objects.get(conversations__connection=account) for account in accounts
        ]

    def run(self) -> list[BaseException]:
        threads = Threads()
        writing = [partial(self.keep_writing, number) for number in range(len(self.accounts))]
        threads.run([*writing, self.keep_merging])
        return threads.errors

    def keep_writing(self, which: int) -> None:
        account = self.accounts[which]
        first = 100 * (which + 1)
        for number in range(first, first + ROUNDS):
            write(account, number, "ada" if number % 2 else f"{account.pk}-{number}")
            if number % 4 == 1:
                someone = Contact(pk=self.contacts[number % 2].pk)
                services.opt_out(contact=someone, source="contact", purpose="marketing")

    def keep_merging(self) -> None:
        dice = random.Random(7)  # noqa: S311
        for _ in range(ROUNDS):
            survivor, absorbed = dice.sample(self.contacts, 2)
            row = merge(survivor, absorbed)
            self.nothing_is_left_behind()
            undo(row)
        merge(*self.contacts)

    def nothing_is_left_behind(self) -> None:
        gone = Contact.objects.filter(absorbed_into__isnull=False)
        assert not Conversation.objects.filter(contact__in=gone).exists()
        assert not ContactIdentity.objects.filter(contact__in=gone).exists()


def test_whatever_arrives_while_they_are_merged_is_left_behind_nowhere(accounts):
    race = Race(accounts)

    assert race.run() == []
    race.nothing_is_left_behind()
    events = InboundEvent.objects.filter(connection__in=accounts)
    assert set(events.values_list("status", flat=True)) == {"done"}
    assert Message.objects.filter(connection__in=accounts).count() == 2 + 2 * ROUNDS
    one, other = race.contacts
    assert one.conversations.count() == 2  # each of the others is a person of their own

    undo(ContactMerge.objects.get(undone_at=None))
    for contact, account in zip((one, other), accounts, strict=True):
        assert contact.conversations.get().connection == account
        assert contact.identities.get().account_id == account.account_id
