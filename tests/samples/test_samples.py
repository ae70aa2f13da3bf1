"""Sample data: loaded once, told to nobody, and gone without a trace."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation

from agents.models import ReplyDraft, Run
from agents.services.replays import plan
from agents.services.retrieving import look_up
from agents.services.versions import start_draft
from channels_app.models import ChannelConnection, Contact, Conversation, Incident, Message
from channels_app.services import figures, sandboxes
from config.watching import watch
from crm.models import SyncRecord
from knowledge.models import Document, KnowledgeState
from leads.models import Lead
from tenants import cards, context
from tenants.audit.models import AuditEntry
from tenants.figures import rolling
from tenants.figures.models import Figure
from tenants.models import WebhookRoute
from tenants.outgoing.models import Event
from tenants.outgoing.services import add_endpoint
from tenants.samples import services
from tenants.samples.models import SampleSet
from tenants.samples.parts import Part, parts, steps
from tenants.samples.story import TALKS
from tests.factories import make_connection, make_conversation, make_crm, make_lead, make_message

# Grows with every deed, or counts them; holds nothing of what was loaded.
LEDGERS = {"audit_auditentry", "knowledge_knowledgestate", "django_session"}


def rows():
    """Every row of the company's tables, as text."""
    with context.connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [context.schema()]
        )
        tables = [name for (name,) in cursor.fetchall() if name not in LEDGERS]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')  # noqa: S608
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


@pytest.fixture
def load(work, django_capture_on_commit_callbacks):
    def loaded():
        with django_capture_on_commit_callbacks(execute=True):
            services.load_samples(actor="user:1")
        work()

    return loaded


@pytest.fixture
def real(north):
    """Something of the company's own: a customer, a lead, a document."""
    conversation = make_conversation()
    make_message(conversation=conversation, text="How much is the Breeze?")
    make_lead(contact=conversation.contact)
    return conversation


def test_it_fills_every_room(north, load):
    load()

    assert SampleSet.objects.get().state == SampleSet.State.READY
    assert Conversation.objects.count() == len(TALKS)
    assert ChannelConnection.objects.filter(is_sample=True, is_sandbox=True).count() == 4
    assert Document.objects.filter(is_sample=True, status="ready").count() == 3
    hot = Lead.objects.hot().get()
    assert hot.contact.name == "Mia Novak · sample"
    assert sum(one.points for one in hot.contributions.all()) == hot.score
    assert ReplyDraft.objects.open().get().conversation.has_draft
    thoughts = Run.objects.filter(pk__in=Message.objects.filter(author="ai").values("run_id"))
    assert len(thoughts) == 4
    quoted = {run.sources[0]["document_id"] for run in thoughts}
    assert quoted == set(Document.objects.values_list("pk", flat=True))


def test_it_takes_no_sandbox_from_those_who_try_things_out(north, load, monkeypatch):
    monkeypatch.setattr(sandboxes, "MOST", 1)
    load()

    assert sandboxes.open_sandbox(platform="telegram").is_sandbox
    with translation.override("es"), pytest.raises(ValidationError, match="Ya hay 1"):
        sandboxes.open_sandbox(platform="telegram")


def test_asked_twice_it_is_loaded_once(north, load):
    load()
    before = rows()

    load()

    assert rows() == before


@pytest.mark.parametrize("break_at", [0, 9, 19])
def test_after_a_crash_it_goes_on_behind_the_last_step(north, work, monkeypatch, break_at):
    part, unit = steps()[break_at]
    whole = type(part).load

    def fall_over(self, asked):
        whole(self, asked)
        if asked == unit and self is part:
            raise RuntimeError("power cut")

    services.load_samples(actor="user:1")
    monkeypatch.setattr(type(part), "load", fall_over)
    with pytest.raises(RuntimeError):
        services.carry_on()
    assert SampleSet.objects.get().done == break_at
    monkeypatch.undo()

    SampleSet.objects.update(updated_at="2020-01-01T00:00:00Z")
    assert services.sweep() == {"samples": 1}
    services.carry_on()

    assert Conversation.objects.count() == len(TALKS)
    assert Lead.objects.count() == sum(bool(talk.facts) for talk in TALKS)


def test_removed_nothing_of_it_is_left_and_what_is_real_stays(real, south, load, work, sign_in):
    with context.inside(south):
        services.load_samples(actor="user:1")
        there = rows()
    before, routes = rows(), set(WebhookRoute.objects.values_list("pk", flat=True))
    load()
    assert rows() != before

    sign_in("admin").post(reverse("samples:remove"))
    services.carry_on()
    work()

    after = rows()
    # Signing in to click is the person's own.
    after["accounts_user"] = before["accounts_user"]
    assert after == before
    assert set(WebhookRoute.objects.values_list("pk", flat=True)) == routes
    assert not KnowledgeState.current().has_samples
    assert KnowledgeState.current().passages == 0
    with context.inside(south):
        assert rows() == there
    done = AuditEntry.objects.filter(subject="samples").values_list("action", flat=True)
    assert list(done.order_by("pk")) == [
        "samples.asked",
        "samples.loaded",
        "samples.given_up",
        "samples.removed",
    ]


def test_what_is_half_loaded_is_removed_as_well(north, work):
    before = rows()
    services.load_samples(actor="user:1")
    for _ in range(12):
        services._take_step()
    services.remove_samples(actor="user:1")
    with pytest.raises(ValidationError):
        services.load_samples(actor="user:1")

    services.carry_on()
    work()

    assert rows() == before
    assert services.remove_samples(actor="user:1") is None


def test_nobody_outside_hears_of_it_and_it_counts_for_nothing(people, real, load):
    make_crm()
    add_endpoint(
        name="Ours",
        url="https://hooks.example/in",
        events=["lead.created", "lead.updated", "lead.hot", "message.received", "contact.created"],
        actor="user:1",
    )

    def counted():
        rolling.roll_up()
        return list(Figure.objects.order_by("day", "kind").values("kind", "channel", "n"))

    def taken():
        steps = cards.gather_flat("dashboard.steps", people["admin"])
        return [step.url for step in steps if step.is_done]

    before, done = counted(), taken()
    load()

    assert not SyncRecord.objects.exists()
    assert not Event.objects.exists()
    watch()
    assert not Incident.objects.exists()
    assert counted() == before
    assert taken() == done
    assert figures.today().inbound == 1
    made_up = [contact for contact in Contact.objects.all() if contact.is_sample]
    assert len(made_up) == len(TALKS)
    assert real.contact not in made_up


def test_no_customer_is_answered_from_it(real, load):
    load()
    question = "How much does the office plan cost for each kilogram of coffee?"

    asked = look_up(question, earlier="", language="en")
    tried = look_up(question, earlier="", language="en", samples=True)

    assert asked.passages == []
    assert tried.passages[0].document_title == "Sample: prices and plans"


def test_a_trial_asks_nothing_of_it(north, load):
    """A draft's gate is what customers asked; nobody of these is one."""
    load()

    assert plan(version=start_draft(actor="user:1")).turns == []


def test_a_contact_who_also_writes_for_real_stays(north, load):
    load()
    contact = Contact.objects.first()
    make_conversation(contact=contact, connection=make_connection())
    services.remove_samples(actor="user:1")
    services.carry_on()

    assert list(Contact.objects.all()) == [contact]


def test_every_part_removes_where_nothing_is(north):
    for part in parts():
        part.remove()

    assert len(parts()) == 4
    assert all(isinstance(part, Part) for part in parts())


def test_programs_load_and_remove_it(program):
    api = program("admin")
    assert api.get("/api/v1/samples/").json()["state"] == "absent"
    assert api.post("/api/v1/samples/").status_code == 202
    assert api.get("/api/v1/samples/").json() == {
        "state": "loading",
        "done": 0,
        "total": len(steps()),
    }
    assert api.delete("/api/v1/samples/").status_code == 202
    services.carry_on()
    assert api.get("/api/v1/samples/").json()["state"] == "absent"
    assert program("agent").post("/api/v1/samples/").status_code == 403
