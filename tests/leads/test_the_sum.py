"""Whatever happens to a lead, its rows add up to its score; races included."""

from threading import Thread

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.models import Conversation, Message
from channels_app.signals import message_received
from leads.models import Evidence, Lead, LeadChange
from leads.services import (
    apply_understanding,
    change_draft,
    correct_facts,
    forget_message,
    override_score,
    preview_next,
    publish,
    rescore_next,
    set_stage,
    start_draft,
    start_preview,
    weights_in_force,
)
from leads.weights import POINTS, OwnRule, Weights
from tenants import context
from tenants.models import Company
from tests.factories import make_conversation, make_message

VALUES = st.sampled_from(["", "none", "900 EUR", "this week", "in May", "ada@acme.example", "x"])
FACTS = st.dictionaries(
    st.sampled_from(
        ["budget", "timeline", "interest", "email", "phone", "company", "role", "other"]
    ),
    VALUES,
    max_size=5,
)
MESSAGES = st.integers(0, 3)
UNDERSTANDINGS = st.tuples(
    st.just("understand"),
    MESSAGES,
    FACTS,
    st.sampled_from(["sales", "support", "general", "urgent", "spam"]),
    st.one_of(st.none(), st.floats(-1, 1)),
)
OWN = (("budget", "timeline"), ("email", "phone"), ("company", "role"), ("interest", "other"))
POINTS_EACH = st.fixed_dictionaries({case: st.integers(-50, 50) for case in POINTS})
OWN_RULES = st.lists(
    st.builds(
        OwnRule,
        label=st.sampled_from(["One", "Two", "Three"]),
        fact=st.sampled_from(["budget", "role", "other"]),
        points=st.integers(1, 50) | st.integers(-50, -1),
        words=st.sampled_from([(), ("eur",), ("x", "none")]),
    ),
    max_size=3,
    unique_by=lambda rule: rule.label,
)
WEIGHTS = st.builds(
    lambda points, warm, above, own: Weights(
        points=points, warm=warm, hot=warm + above, own=tuple(own)
    ),
    POINTS_EACH,
    st.integers(1, 60),
    st.integers(1, 40),
    OWN_RULES,
)
DEEDS = st.one_of(
    UNDERSTANDINGS,
    st.tuples(st.just("forget"), MESSAGES),
    st.tuples(st.just("edit"), UNDERSTANDINGS),
    st.tuples(st.just("delete"), MESSAGES),
    st.tuples(st.just("override"), st.one_of(st.none(), st.integers(0, 100))),
    st.tuples(st.just("correct"), FACTS),
    st.tuples(st.just("stage"), st.sampled_from(Lead.Stage.values)),
    st.tuples(st.just("rules"), WEIGHTS),
)


def check(lead):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    lead = Lead.objects.get(pk=lead.pk)
    assert lead.score == (lead.contributions.aggregate(sum=Sum("points"))["sum"] or 0)
    assert 0 <= lead.score <= 100
    force = weights_in_force()
    tier = "hot" if lead.score >= force.hot else "warm" if lead.score >= force.warm else "cold"
    assert lead.tier == tier
    assert lead.scored_by == force.number
    newest = LeadChange.objects.filter(lead=lead, field="score").first()
    assert str(lead.score) == (newest.after if newest else "0")


def do(deed, messages):
    kind, *rest = deed
    conversation = messages[0].conversation
    lead = Lead.objects.filter(contact=conversation.contact).first()
    if kind == "understand":
        number, facts, intent, sentiment = rest
        apply_understanding(
            conversation=conversation,
            message=messages[number],
            facts=facts,
            intent=intent,
            sentiment=sentiment,
            quotes={},
        )
    elif kind == "forget":
        forget_message(message=messages[rest[0]])
    elif kind == "delete":
        Message.objects.filter(pk=messages[rest[0]].pk).update(deleted_at=timezone.now())
        message_received.send(sender=Message, message=messages[rest[0]], change="deleted")
    elif kind == "edit":  # its old words go by the bell, then the new ones are understood
        changed = messages[rest[0][1]]
        Message.objects.filter(pk=changed.pk).update(edited_at=timezone.now())
        message_received.send(sender=Message, message=changed, change="edited")
        assert not Evidence.objects.filter(message=changed).exists()
        do(rest[0], messages)
    elif kind == "rules":
        put_in_force(rest[0])
    elif lead is not None:
        do_to(lead, kind, *rest)


def do_to(lead, kind, *rest):
    if kind == "override":
        override_score(lead=lead, score=rest[0], actor="user:1", reason="I know them")
    elif kind == "correct":
        correct_facts(lead=lead, facts=rest[0], actor="user:1")
    elif kind == "stage":
        set_stage(lead=lead, stage=rest[0], actor="user:1")


def put_in_force(weights):
    """Through the preview; and what the preview said is what then happens."""
    draft = start_draft(actor="user:1")
    draft = change_draft(rule_set=draft, content=weights.as_json(), note="", actor="user:1")
    start_preview(rule_set=draft, actor="user:1")
    preview_next(rule_set_id=draft.pk, after=0)
    moves = {m.lead_id: (m.score_before, m.score_after, m.tier_after) for m in draft.moves.all()}
    before = {lead.pk: (lead.score, lead.tier) for lead in Lead.objects.all()}
    publish(rule_set=draft, actor="user:1")
    rescore_next()
    for lead in Lead.objects.all():
        score, tier = before[lead.pk]
        assert (score, lead.score, lead.tier) == moves.get(lead.pk, (score, score, tier))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(DEEDS, min_size=1, max_size=12))
def test_the_rows_always_add_up(north, deeds):
    with transaction.atomic():
        weights_in_force.forget()  # those of the example before were rolled back
        conversation = make_conversation()
        messages = [
            make_message(conversation=conversation, text=f"{n}: 900 EUR this week") for n in "abcd"
        ]
        for deed in deeds:
            do(deed, messages)
            if lead := Lead.objects.filter(contact=conversation.contact).first():
                check(lead)
        transaction.set_rollback(True)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(UNDERSTANDINGS, min_size=1, max_size=5), gone=MESSAGES)
def test_forgetting_a_message_is_as_if_it_had_never_come(north, deeds, gone):
    def play(kept):
        conversation = make_conversation()
        messages = [make_message(conversation=conversation, text=f"{n}") for n in "abcd"]
        for deed in kept:
            do(deed, messages)
        forget_message(message=messages[gone])
        lead = Lead.objects.filter(contact=conversation.contact).first()
        rows = lead.contributions.values_list("rule", "points") if lead else []
        return set(rows), lead.facts if lead else {}

    with transaction.atomic():
        # Facts that one message merely repeats from another stay with the first that had them,
        # so each message speaks of facts of its own here.
        own = [
            (kind, number, {n: v for n, v in facts.items() if n in OWN[number]}, intent, mood)
            for kind, number, facts, intent, mood in deeds
        ]
        with_it = play(own)
        without_it = play([deed for deed in own if deed[1] != gone])
        assert with_it == without_it
        transaction.set_rollback(True)


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """North without the test's own transaction: what is written here is really committed."""
    with django_db_blocker.unblock():
        context.enter_company(Company.objects.get(schema_name="north"))
        conversation = make_conversation()
        yield conversation
        context.enter_company(Company.objects.get(schema_name="north"))
        connection_of_channel = conversation.connection
        conversation.contact.delete()
        connection_of_channel.delete()
        context.leave()
        connection.close()


def test_two_messages_at_once_make_one_lead_with_both_their_points(committed, django_db_blocker):
    messages = [make_message(conversation=committed, text=text) for text in ("900 EUR", "CEO")]
    facts = [{"budget": "900 EUR"}, {"role": "CEO"}]
    errors = []

    def work(message, known):
        try:
            context.enter("north")
            apply_understanding(
                conversation=Conversation.objects.get(pk=committed.pk),
                message=message,
                facts=known,
                intent="general",
            )
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=pair) for pair in zip(messages, facts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    lead = Lead.objects.get(contact=committed.contact)
    assert lead.facts == {"budget": "900 EUR", "role": "CEO"}
    assert (lead.score, lead.version) == (30, 2)
    check(lead)


def test_a_commit_with_a_wrong_sum_fails(committed):
    lead = Lead.objects.create(contact=committed.contact, version=1)
    with pytest.raises(IntegrityError, match="add up to 0"), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(score=1)
