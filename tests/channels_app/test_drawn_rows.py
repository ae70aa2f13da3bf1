"""Rows of the list that were drawn a moment ago are drawn anew once anything in them changes."""

from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from channels_app.drawn_rows import DrawnRows
from channels_app.models import Conversation, Label
from channels_app.templatetags import inbox
from tests.factories import make_conversation

PAGE = Template("{% load inbox %}{% row talk labels=labels place='tab=all' opened=opened %}")


def drawn(pk, labels=(), opened=0):
    talk = Conversation.objects.with_people().get(pk=pk)
    return PAGE.render(Context({"talk": talk, "labels": list(labels), "opened": opened}))


def test_a_row_is_drawn_again_only_where_something_changed(north, people, monkeypatch):
    drawings = []
    really = render_to_string

    def draw(name, told):
        drawings.append(told)
        return really(name, told)

    monkeypatch.setattr(inbox, "render_to_string", draw)
    talk = make_conversation(preview="one table")
    label = Label.objects.create(name="VIP")
    first = drawn(talk.pk)
    assert drawn(talk.pk) == first
    assert len(drawings) == 1

    rows = Conversation.objects.filter(pk=talk.pk)
    rows.update(unread_count=3)
    assert "3<span" in drawn(talk.pk)
    rows.update(preview="two tables")
    assert "two tables" in drawn(talk.pk)
    talk.contact.name = "Grace Hopper"
    talk.contact.save()
    assert "Grace Hopper" in drawn(talk.pk)
    rows.update(assignee=people["agent"], controller="human")
    assert people["agent"].get_short_name() in drawn(talk.pk)
    assert "VIP" in drawn(talk.pk, [label])
    assert 'aria-current="true"' in drawn(talk.pk, opened=talk.pk)
    with translation.override("ar"):
        assert drawn(talk.pk) != drawn(talk.pk, opened=talk.pk)
    assert len(drawings) == 9


def test_what_was_drawn_is_kept_for_a_minute(north, monkeypatch):
    clock = [60_000.0]
    monkeypatch.setattr("channels_app.drawn_rows.time.time", lambda: clock[0])
    rows, told = DrawnRows(), {"name": "one"}

    assert rows.drawn(told, lambda: SafeString("first")) == "first"
    assert rows.drawn(told, lambda: SafeString("second")) == "first"
    clock[0] += 60
    assert rows.drawn(told, lambda: SafeString("third")) == "third"
