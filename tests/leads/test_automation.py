"""Rules that act on leads by themselves: readable, seen first, once for each occasion."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from channels_app.models import Conversation
from leads.models import Lead, StageRule
from leads.services import add_task, set_stage
from leads.services.automation import add_rule, follow_rules, sentence, switch_rule, touched_by
from tenants import context
from tests.factories import make_conversation, make_lead


def in_force(**words):
    rule = add_rule(**words, actor="user:1")
    return switch_rule(rule=rule, is_on=True, actor="user:1")


@pytest.fixture
def hot_rule(north):
    return in_force(when="hot", then="stage", to_stage="qualified")


def stage_of(lead):
    return Lead.objects.get(pk=lead.pk).stage


def test_a_hot_lead_moves_once_and_the_rule_fights_nobody(hot_rule):
    hot, cold, won = make_lead(tier="hot"), make_lead(), make_lead(tier="hot", stage="won")
    assert list(touched_by(hot_rule)) == [hot]  # the preview is what then happens
    assert follow_rules() == {"ruled": 1}
    assert [stage_of(lead) for lead in (hot, cold, won)] == ["qualified", "new", "won"]
    change = hot.changes.filter(field="stage").latest("pk")
    assert (change.actor, change.reason) == (hot_rule.actor, sentence(hot_rule))
    assert sentence(hot_rule) == "When a lead is hot: move it to Qualified"

    set_stage(lead=hot, stage="contacted", actor="user:1")

    assert follow_rules() == {}
    assert stage_of(hot) == "contacted"


def test_a_rule_that_is_off_or_another_companys_does_nothing(hot_rule, south):
    with context.inside(south):
        lead = make_lead(tier="hot")
        assert follow_rules() == {}
    switch_rule(rule=hot_rule, is_on=False, actor="user:1")
    make_lead(tier="hot")
    assert follow_rules() == {}
    with context.inside(south):
        assert stage_of(lead) == "new"


def test_silence_is_answered_anew_after_they_wrote_again(north):
    rule = in_force(when="quiet", days=3, then="task", title="Ask again", from_stage="contacted")
    lead = make_lead(stage="contacted")
    talk = make_conversation(contact=lead.contact)
    now = timezone.now()
    make_lead(stage="contacted")  # never wrote: no silence to speak of

    def last_wrote(days):
        Conversation.objects.filter(pk=talk.pk).update(last_inbound_at=now - timedelta(days=days))

    last_wrote(2)
    assert follow_rules() == {}
    last_wrote(4)
    assert follow_rules() == {"ruled": 1}
    assert follow_rules() == {}
    rule.deeds.update(at=now - timedelta(days=30))  # they wrote since, and are silent again
    assert follow_rules() == {"ruled": 1}
    assert [task.title for task in lead.tasks.all()] == ["Ask again", "Ask again"]


def test_what_is_lost_needs_no_tasks(north):
    in_force(when="closed", then="finish")
    lost, open_one = make_lead(stage="lost"), make_lead()
    tasks = [add_task(lead=lead, title="Call", actor="user:1") for lead in (lost, open_one)]
    assert follow_rules() == {"ruled": 1}
    for task in tasks:
        task.refresh_from_db()
    assert [task.is_done for task in tasks] == [True, False]
    add_task(lead=lost, title="One more", actor="user:1")
    assert follow_rules() == {"ruled": 1}


@pytest.mark.parametrize(
    "words",
    [
        {"when": "rainy", "then": "finish"},
        {"when": "quiet", "then": "task", "title": "Call"},
        {"when": "hot", "then": "task", "title": "  "},
        {"when": "hot", "then": "stage", "to_stage": "sold"},
        {"when": "hot", "then": "stage", "from_stage": "won", "to_stage": "won"},
        {"when": "closed", "then": "stage", "to_stage": "new"},
    ],
)
def test_what_says_nothing_is_refused(north, words):
    with pytest.raises(ValidationError):
        add_rule(**words, actor="user:1")


def test_on_the_page(sign_in):
    make_lead(tier="hot")
    admin, url = sign_in("admin"), reverse("leads:automation")
    words = {"when": "hot", "then": "stage", "to_stage": "proposal"}
    page = admin.post(url, words, follow=True).content.decode()
    assert "When a lead is hot: move it to Proposal" in page
    assert "Now it would act on 1 lead." in page
    rule = StageRule.objects.get(is_on=False)
    admin.post(reverse("leads:switch_rule", args=[rule.pk]), {"on": "1"})
    assert StageRule.objects.get() == StageRule.objects.get(is_on=True)
    assert admin.post(url, {"when": "quiet", "then": "finish"}).status_code == 422
    assert sign_in("agent").post(url, words).status_code == 403
    sign_in("admin").post(reverse("leads:remove_rule", args=[rule.pk]))
    assert not StageRule.objects.exists()
