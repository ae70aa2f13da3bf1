"""When the window is closed: a template is chosen, filled, seen whole, and sent."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_app.models import Conversation, Message, MessageTemplate, OptOut
from tests.factories import make_connection
from tests.pages.scene import make_talk

ORDER = [
    {"type": "HEADER", "format": "TEXT", "text": "Good news"},
    {
        "type": "BODY",
        "text": "Hi {{1}}, order {{2}} is ready.",
        "example": {"body_text": [["Ada", "A-12"]]},
    },
]


@pytest.fixture
def talk(north):
    """A WhatsApp conversation in which nobody wrote for two days."""
    talk = make_talk(connection=make_connection(platform="whatsapp"))
    Conversation.objects.filter(pk=talk.pk).update(
        last_inbound_at=timezone.now() - timedelta(days=2)
    )
    return talk


@pytest.fixture
def template(talk):
    return MessageTemplate.objects.create(
        connection=talk.connection,
        name="order_ready",
        language="en",
        status="APPROVED",
        category="UTILITY",
        components=ORDER,
    )


def values(template):
    return {"template": template.pk, "body-1": "Ada", "body-2": "A-77"}


def test_the_closed_window_offers_templates_in_place_of_words(sign_in, talk, template):
    page = sign_in("agent").get(reverse("channels_app:conversation", args=[talk.pk]))
    html = page.content.decode()
    assert "once they write again" in html
    assert '<details class="templates" open>' in html
    assert "order_ready · en · Utility" in html


def test_without_scripts_it_is_chosen_previewed_and_sent(sign_in, talk, template):
    page = sign_in("agent")
    url = reverse("channels_app:pick", args=[talk.pk])
    chosen = page.get(url, {"template": template.pk}).content.decode()
    assert "Hi [1], order [2] is ready." in chosen
    assert "For example: Ada" in chosen
    assert "required." not in chosen

    seen = page.get(url, values(template)).content.decode()
    assert "Hi Ada, order A-77 is ready." in seen

    sent = page.post(reverse("channels_app:send_template", args=[talk.pk]), values(template))
    assert sent.status_code == 302
    message = Message.objects.get(author="human")
    assert message.text == "Good news\n\nHi Ada, order A-77 is ready."
    assert message.state == "queued"
    assert message.template == {
        "name": "order_ready",
        "language": "en",
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "A-77"}],
            }
        ],
    }


def test_to_htmx_only_the_picker_is_drawn_anew(sign_in, talk, template):
    url = reverse("channels_app:pick", args=[talk.pk])
    answer = sign_in("agent").get(url, values(template), headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert html.strip().startswith('<div class="picker"')
    assert "Hi Ada, order A-77 is ready." in html


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"body-2": ""}, "This field is required."),
        ({"body-2": "a\tb"}, "One line only"),
        ({"template": "0"}, "Choose a template"),
    ],
)
def test_what_is_wrong_is_said_beside_its_gap(sign_in, talk, template, wrong, said):
    url = reverse("channels_app:send_template", args=[talk.pk])
    answer = sign_in("agent").post(url, values(template) | wrong)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Message.objects.filter(author="human").exists()


def test_the_send_policy_has_the_last_word(sign_in, talk, template):
    MessageTemplate.objects.update(category="MARKETING")
    OptOut.objects.create(contact=talk.contact, purpose="marketing", source="network")
    talk.contact.has_opted_out = True
    talk.contact.save()
    url = reverse("channels_app:send_template", args=[talk.pk])
    answer = sign_in("agent").post(url, values(template))
    assert answer.status_code == 422
    assert "They asked for no marketing messages." in answer.content.decode()


def test_what_is_not_approved_or_not_ours_to_fill_is_not_offered(sign_in, talk, template):
    MessageTemplate.objects.update(status="PAUSED")
    MessageTemplate.objects.create(
        connection=talk.connection,
        name="carousel",
        language="en",
        status="APPROVED",
        components=[*ORDER, {"type": "CAROUSEL", "cards": []}],
    )
    html = sign_in("agent").get(reverse("channels_app:conversation", args=[talk.pk]))
    assert "order_ready ·" not in html.content.decode()
    assert "carousel" not in html.content.decode()
    assert "Fetch the templates" in html.content.decode()


def test_an_open_window_counts_down(sign_in, talk):
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=23))
    html = sign_in("agent").get(reverse("channels_app:conversation", args=[talk.pk]))
    assert 'class="countdown"' in html.content.decode()
    assert '<details class="templates">' in html.content.decode()


def test_on_messenger_people_have_longer_than_the_ai_and_are_told(sign_in, north):
    talk = make_talk(connection=make_connection(platform="messenger"))
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=30))
    html = sign_in("agent").get(reverse("channels_app:conversation", args=[talk.pk]))
    assert "human agent" in html.content.decode()
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=3))
    html = sign_in("agent").get(reverse("channels_app:conversation", args=[talk.pk]))
    assert "The AI until" in html.content.decode()
    assert '<details class="templates"' not in html.content.decode()


def test_typing_takes_the_conversation_over_at_the_first_key(sign_in, scene, people):
    page, pk = sign_in("agent"), scene.conversation.pk
    url = reverse("channels_app:typing", args=[pk])
    assert page.post(url, {"over": "1"}).status_code == 204
    scene.conversation.refresh_from_db()
    assert scene.conversation.controller == "ai"

    page.post(url)
    scene.conversation.refresh_from_db()
    assert scene.conversation.controller == "human"
    assert scene.conversation.assignee == people["agent"]
    turn = scene.conversation.turn_version
    page.post(url)
    scene.conversation.refresh_from_db()
    assert scene.conversation.turn_version == turn


class TestApi:
    def test_a_template_is_found_filled_and_sent(self, sign_in, talk, template):
        api = sign_in("agent")
        [found] = api.get(f"/api/v1/conversations/{talk.pk}/templates/").json()
        assert [gap["key"] for gap in found["gaps"]] == ["body-1", "body-2"]
        assert found["preview"] == "Good news\n\nHi [1], order [2] is ready."

        body = {"template": {"name": "order_ready", "language": "en", "values": {"body-1": "Ada"}}}
        url = f"/api/v1/conversations/{talk.pk}/reply/"
        refused = api.post(url, body, content_type="application/json")
        assert refused.status_code == 400
        assert "body-2" in str(refused.json())

        body["template"]["values"]["body-2"] = "A-77"
        sent = api.post(url, body, content_type="application/json")
        assert sent.status_code == 201
        assert sent.json()["text"] == "Good news\n\nHi Ada, order A-77 is ready."

    def test_an_unknown_template_is_refused_by_the_policy(self, sign_in, talk):
        body = {"template": {"name": "nobody", "language": "en", "values": {}}}
        answer = sign_in("agent").post(
            f"/api/v1/conversations/{talk.pk}/reply/", body, content_type="application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "template_unusable")
