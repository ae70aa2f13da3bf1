"""Tags, deeds on a selection with their undoing, tasks and reminders."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from channels_app.services import merge, merging
from leads.models import Lead, Tag, Task
from leads.services import (
    add_task,
    assign_owner,
    change_many,
    change_tags,
    finish_task,
    mail_reminder,
    make_tag,
    remind_due,
    reopen_task,
    set_stage,
    take_back,
    tasks_of,
)
from tests.factories import make_lead


def test_of_two_tags_that_differ_in_capitals_there_is_one(north):
    vip = make_tag(name=" VIP  customer ", colour="pine", actor="user:1")
    assert make_tag(name="vip customer", actor="user:1") == vip
    assert (vip.name, vip.colour) == ("VIP customer", "pine")
    with pytest.raises(ValidationError, match="needs a name"):
        make_tag(name="  ", actor="user:1")


def test_a_tag_is_a_line_of_the_history_and_rings(north, rung, committing):
    tag = make_tag(name="VIP", actor="user:1")
    with committing():
        lead = change_tags(lead=make_lead(), add=[tag, tag], actor="user:1")
        change_tags(lead=lead, add=[tag], actor="user:1")
        change_tags(lead=lead, remove=[tag], actor="user:2")
    lines = [(c.before, c.after, c.actor) for c in lead.changes.filter(field="tag")]
    assert lines == [("VIP", "", "user:2"), ("", "VIP", "user:1")]
    assert len(rung) == 2


class TestManyAtOnce:
    def test_only_what_changes_is_taken_back(self, north):
        moved, there, later = make_lead(), make_lead(stage="won"), make_lead(stage="contacted")
        ids = [lead.pk for lead in (moved, there, later)]
        done = change_many(lead_ids=ids, deed="stage", value="won", actor="user:1")
        assert done.before == {str(moved.pk): "new", str(later.pk): "contacted"}
        set_stage(lead=later, stage="lost", actor="user:2")

        assert take_back(done=done, actor="user:1") == 1

        stages = [Lead.objects.get(pk=pk).stage for pk in ids]
        assert stages == ["new", "won", "lost"]

    def test_owners_and_tags_too(self, north, people):
        one, two = make_lead(), make_lead(owner=people["admin"])
        tag = make_tag(name="VIP", actor="user:1")
        change_tags(lead=one, add=[tag], actor="user:1")
        ids = [one.pk, two.pk]
        agent = str(people["agent"].pk)
        owned = change_many(lead_ids=ids, deed="owner", value=agent, actor="user:1")
        tagged = change_many(lead_ids=ids, deed="tag", value=str(tag.pk), actor="user:1")
        assert Lead.objects.filter(owner=people["agent"], tags=tag).count() == 2
        assert take_back(done=owned, actor="user:1") == 2
        assert take_back(done=tagged, actor="user:1") == 1
        assert list(Lead.objects.filter(tags=tag)) == [one]
        assert Lead.objects.get(pk=two.pk).owner == people["admin"]

    @pytest.mark.parametrize(
        ("deed", "value"), [("burn", ""), ("stage", "sold"), ("owner", "999"), ("tag", "x")]
    )
    def test_what_cannot_be_is_refused(self, north, deed, value):
        with pytest.raises(ValidationError):
            change_many(lead_ids=[make_lead().pk], deed=deed, value=value, actor="user:1")

    def test_in_the_list(self, sign_in):
        leads, agent = [make_lead() for _ in range(3)], sign_in("agent")
        data = {"lead": [leads[0].pk, leads[1].pk, "x"], "deed": "stage", "value_stage": "won"}
        shown = agent.post(reverse("leads:many"), data, follow=True).content.decode()
        assert "2 leads were changed together." in shown
        assert Lead.objects.filter(stage="won").count() == 2
        shown = agent.post(reverse("leads:undo"), follow=True).content.decode()
        assert "2 leads put back." in shown
        assert not Lead.objects.filter(stage="won").exists()
        tag = make_tag(name="VIP", actor="user:1")
        tagged = {"lead": [lead.pk for lead in leads], "value_tag": tag.pk}
        for deed, count in (("tag", 3), ("untag", 0)):
            agent.post(reverse("leads:many"), {**tagged, "deed": deed})
            assert Lead.objects.filter(tags=tag).count() == count
        assert sign_in("viewer").post(reverse("leads:many"), data).status_code == 403


class TestTasks:
    @pytest.fixture
    def lead(self, north, people):
        return assign_owner(lead=make_lead(), owner=people["agent"], actor="user:1")

    def test_a_task_is_the_owners_unless_said(self, lead, people):
        task = add_task(lead=lead, title=" Call  back ", actor="user:1")
        assert (task.title, task.assignee) == ("Call back", people["agent"])
        other = add_task(lead=lead, title="Visit", assignee=people["admin"], actor="user:1")
        assert list(tasks_of(user_id=people["admin"].pk)) == [other]

    def test_done_is_done_once_and_can_be_taken_back(self, lead):
        task = add_task(lead=lead, title="Call", actor="user:1")
        done = finish_task(task=task, actor="user:1")
        assert finish_task(task=task, actor="user:2").done_by == "user:1"
        assert not reopen_task(task=done, actor="user:1").is_done

    def test_whoever_is_to_do_it_is_reminded_once(self, lead, people, work):
        task = add_task(
            lead=lead,
            title="Call",
            due_at=timezone.now() - timedelta(minutes=1),
            actor="user:1",
        )
        add_task(lead=lead, title="Later", due_at=timezone.now() + timedelta(1), actor="user:1")
        assert task.is_overdue
        assert remind_due() == {"reminded": 1}
        mail_reminder(task_id=task.pk)
        mail_reminder(task_id=task.pk)
        assert remind_due() == {}
        (sent,) = mail.outbox
        assert sent.to == [people["agent"].email]
        assert "Call" in sent.body
        assert f"/leads/{lead.pk}/" in sent.body
        assert str(lead) not in sent.subject
        assert sent.extra_headers["Message-ID"].startswith("<north.task.")

    def test_a_reminder_that_a_crash_swallowed_is_rung_again(self, lead):
        due = timezone.now() - timedelta(hours=1)
        task = add_task(lead=lead, title="Call", due_at=due, actor="user:1")
        remind_due()
        assert remind_due() == {}
        Task.objects.filter(pk=task.pk).update(reminded_at=timezone.now() - timedelta(minutes=6))
        assert remind_due() == {"reminded": 1}

    def test_what_is_done_reminds_nobody(self, lead):
        due = timezone.now() - timedelta(hours=1)
        task = add_task(lead=lead, title="Call", due_at=due, actor="user:1")
        remind_due()
        finish_task(task=task, actor="user:1")
        mail_reminder(task_id=task.pk)
        assert mail.outbox == []

    def test_on_the_pages(self, lead, sign_in):
        agent = sign_in("agent")
        data = {"title": "Send the offer", "due_at": "2026-01-02T10:00"}
        page = agent.post(reverse("leads:add_task", args=[lead.pk]), data, follow=True)
        assert "Send the offer" in page.content.decode()
        mine = agent.get(reverse("leads:tasks")).content.decode()
        assert "Send the offer" in mine
        assert "Overdue" in mine
        assert agent.post(reverse("leads:add_task", args=[lead.pk]), {}).status_code == 422
        task = Task.objects.get()
        agent.post(reverse("leads:task_done", args=[task.pk]), {"next": reverse("leads:tasks")})
        assert "Send the offer" not in agent.get(reverse("leads:tasks")).content.decode()
        assert "Send the offer" in agent.get(reverse("leads:tasks"), {"done": 1}).content.decode()

    def test_tags_on_the_page(self, lead, sign_in):
        agent = sign_in("agent")
        url = reverse("leads:add_tag", args=[lead.pk])
        page = agent.post(url, {"name": "<b>VIP", "colour": "warn"}, follow=True).content.decode()
        assert "&lt;b&gt;VIP" in page
        tag = Tag.objects.get()
        agent.post(reverse("leads:remove_tag", args=[lead.pk, tag.pk]))
        assert not lead.tags.exists()


def test_tasks_and_tags_go_along_when_contacts_are_merged_and_back(north):
    here, there = make_lead(), make_lead()
    tag = make_tag(name="VIP", actor="user:1")
    change_tags(lead=there, add=[tag], actor="user:1")
    task = add_task(lead=there, title="Call", actor="user:1")
    done = merge(survivor=here.contact, absorbed=there.contact, actor="user:1")
    task.refresh_from_db()
    assert (task.lead, list(here.tags.all())) == (here, [tag])
    merging.undo(merge=done, actor="user:1")
    task.refresh_from_db()
    assert (task.lead, list(here.tags.all()), list(there.tags.all())) == (there, [], [tag])
