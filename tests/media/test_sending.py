"""Files on their way out: what a network does not take is refused, the rest goes as it wants it."""

import base64
import json
from email import message_from_bytes

import pytest
import respx
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from channels_app.capabilities import CAPABILITIES
from channels_app.media.services import as_attachment, store_upload
from channels_app.models import Media, Message
from channels_app.outbox import SendRefused, post_message, post_with_files
from channels_app.services import deliver
from channels_app.services.enclosing import parcels
from channels_app.services.outgoing import enclosed
from tenants import context
from tests.factories import make_connection, make_conversation, make_user
from tests.media.conftest import OGG, PDF, PNG, SVG, stored_files

GRAPH = "https://graph.facebook.com/v25.0"
CONFIGS = {
    "whatsapp": {"access_token": "t0k"},
    "messenger": {"page_token": "t0k"},
    "instagram": {"page_token": "t0k"},
    "telegram": {"bot_token": "77:t0k"},
    "x": {"access_token": "t0k"},
    "tiktok": {"access_token": "t0k"},
    "twilio": {"account_sid": "AC1", "auth_token": "t0k"},
    "email": {"outbound": "resend", "api_key": "re_1"},
    "custom": {"send_url": "https://erp.example/hook", "secret": "whsec_" + "a" * 32},
}
RECIPIENTS = {"email": "ada@example.com", "twilio": "+34600000001", "tiktok": "conv-1"}


@pytest.fixture
def network():
    with respx.mock(assert_all_called=False) as router:
        yield router


def talk(platform, **kwargs):
    from django.utils import timezone

    connection = make_connection(
        platform=platform,
        config=CONFIGS.get(platform, {}),
        **({"account_id": "shop@north.example"} if platform == "email" else {}),
    )
    return make_conversation(
        connection=connection,
        external_thread=RECIPIENTS.get(platform, "5512345"),
        last_inbound_at=timezone.now(),
        **kwargs,
    )


def send(conversation, content, name, text=""):
    """Through the one way out and the courier, to the wire."""
    media = store_upload(content=content, name=name)
    messages = post_with_files(
        conversation=conversation, text=text, files=[media], author=Message.Author.HUMAN
    )
    for message in messages:
        deliver(message_id=message.pk)
        message.refresh_from_db()
    return messages


def link_of(url: str, client):
    return client.get("/" + url.partition("://")[2].partition("/")[2], HTTP_HOST="localhost")


def test_whatsapp_gets_the_file_and_then_its_id(north, network):
    upload = network.post(url__regex=rf"{GRAPH}/\d+/media").respond(json={"id": "901"})
    sent = network.post(url__regex=rf"{GRAPH}/\d+/messages").respond(
        json={"messages": [{"id": "wamid.1"}]}
    )

    [message] = send(talk("whatsapp"), PNG, "bike.png", text="Look")

    assert message.state == "accepted"
    form = upload.calls.last.request.content
    assert PNG in form
    assert b'name="messaging_product"\r\n\r\nwhatsapp' in form
    assert b'filename="bike.png"' in form
    assert json.loads(sent.calls.last.request.content)["image"] == {"id": "901", "caption": "Look"}


@pytest.mark.parametrize(
    ("content", "name", "method", "field"),
    [
        (PNG, "bike.png", "sendPhoto", "photo"),
        (PDF, "offer.pdf", "sendDocument", "document"),
        (OGG, "voice.ogg", "sendVoice", "voice"),
    ],
)
def test_telegram_gets_a_form(north, network, content, name, method, field):
    route = network.post(f"https://api.telegram.org/bot77:t0k/{method}")
    route.respond(json={"ok": True, "result": {"message_id": 7}})

    [message] = send(talk("telegram"), content, name, text="Here")

    assert message.state == "accepted"
    form = route.calls.last.request.content
    assert content in form
    assert f'name="{field}"; filename="{name}"'.encode() in form
    assert b'name="caption"\r\n\r\nHere' in form


@pytest.mark.parametrize("platform", ["messenger", "instagram"])
def test_meta_fetches_by_a_link_and_words_go_before(north, network, client, platform):
    route = network.post(url__regex=rf"{GRAPH}/\d+/messages").mock(
        side_effect=[
            respx.MockResponse(json={"message_id": f"m_{number}", "recipient_id": "5"})
            for number in (1, 2)
        ]
    )

    messages = send(talk(platform), PNG, "bike.png", text="Look")

    assert [message.state for message in messages] == ["accepted", "accepted"]
    first, second = (json.loads(call.request.content)["message"] for call in route.calls)
    assert first["text"] == "Look"
    assert second["attachment"]["type"] == "image"
    fetched = link_of(second["attachment"]["payload"]["url"], client)
    assert b"".join(fetched.streaming_content) == PNG


def test_x_gets_it_in_pieces(north, network):
    api = "https://api.x.com/2/media/upload"
    network.post(f"{api}/initialize").respond(json={"data": {"id": "88"}})
    piece = network.post(f"{api}/88/append").respond(json={})
    network.post(f"{api}/88/finalize").respond(json={"data": {"id": "88"}})
    sent = network.post(url__regex=r"https://api\.x\.com/2/dm_conversations/with/").respond(
        json={"data": {"dm_event_id": "1"}}
    )

    [message] = send(talk("x"), PNG, "bike.png", text="Look")

    assert message.state == "accepted"
    assert PNG in piece.calls.last.request.content
    body = json.loads(sent.calls.last.request.content)
    assert body == {"text": "Look", "attachments": [{"media_id": "88"}]}


def test_tiktok_gets_an_image_and_words_go_before(north, network):
    api = "https://business-api.tiktok.com/open_api/v1.3/business/message"
    network.post(f"{api}/media/upload/").respond(json={"code": 0, "data": {"media_id": "m1"}})
    sent = network.post(f"{api}/send/").mock(
        side_effect=[
            respx.MockResponse(json={"code": 0, "data": {"message": {"message_id": f"{number}"}}})
            for number in (1, 2)
        ]
    )

    send(talk("tiktok"), PNG, "bike.png", text="Look")

    first, second = (json.loads(call.request.content) for call in sent.calls)
    assert first["message_type"] == "TEXT"
    assert (second["message_type"], second["image"]) == ("IMAGE", {"media_id": "m1"})


def test_twilio_fetches_by_a_link(north, network, client):
    from urllib.parse import parse_qs

    route = network.post(url__regex=r"https://api\.twilio\.com/.*/Messages\.json").respond(
        json={"sid": "SM1"}
    )

    [message] = send(talk("twilio"), PNG, "bike.png", text="Look")

    assert message.state == "accepted"
    form = parse_qs(route.calls.last.request.content.decode())
    assert b"".join(link_of(form["MediaUrl"][0], client).streaming_content) == PNG


def test_resend_gets_it_as_base64(north, network):
    route = network.post("https://api.resend.com/emails").respond(json={"id": "e1"})

    send(talk("email"), PDF, "offer.pdf", text="As promised")

    [file] = json.loads(route.calls.last.request.content)["attachments"]
    assert base64.b64decode(file["content"]) == PDF
    assert (file["filename"], file["content_type"]) == ("offer.pdf", "application/pdf")


def test_a_letter_by_smtp_carries_it():
    from datetime import UTC, datetime

    from channels_app.mail.writing import Letter, written

    letter = Letter(
        sender_name="Shop",
        sender_address="shop@north.example",
        recipient="ada@example.com",
        subject="Offer",
        text="Here",
        reference="r1",
        files=[("عرض.pdf", PDF, "application/pdf")],
    )

    message = message_from_bytes(written(letter, at=datetime.now(UTC)).as_bytes())

    [part] = [part for part in message.walk() if part.get_content_disposition() == "attachment"]
    assert part.get_payload(decode=True) == PDF
    assert part.get_content_type() == "application/pdf"


def test_our_own_webhook_gets_a_link_and_nothing_of_our_keys(north, network):
    route = network.post("https://erp.example/hook").respond(json={"id": "1"})
    network.get(url__regex="erp").respond(200)

    send(talk("custom"), PDF, "offer.pdf", text="Here")

    [file] = json.loads(route.calls.last.request.content)["attachments"]
    assert file["url"].startswith("http://localhost")
    assert set(file) == {"kind", "name", "mime", "size", "url"}


@pytest.mark.parametrize(
    ("platform", "content", "name", "code"),
    [
        ("whatsapp", b"GIF89a\x01\0\x01\0" + b"\0" * 30, "a.gif", "file_type"),
        ("whatsapp", SVG, "a.svg", "file_type"),
        ("tiktok", PDF, "a.pdf", "file_type"),
        ("tiktok", PNG + b"\0" * 3 * 1024 * 1024, "a.png", "file_too_large"),
        ("instagram", b"PK\x03\x04" + b"\0" * 40, "a.zip", "file_type"),
        ("linkedin", PNG, "a.png", "attachments"),
    ],
)
def test_what_a_network_does_not_take_is_refused_before_it_is_tried(
    north, platform, content, name, code
):
    media = store_upload(content=content, name=name)
    conversation = talk(platform)
    if platform == "linkedin":
        conversation.surface = "comments"
        conversation.save()
        from tests.factories import make_message

        make_message(conversation=conversation)

    with pytest.raises(SendRefused) as refused:
        post_with_files(
            conversation=conversation, text="", files=[media], author=Message.Author.HUMAN
        )

    assert refused.value.code == code
    assert not Message.objects.filter(direction="out").exists()


def test_ten_pictures_are_ten_messages_where_one_goes_at_a_time(north):
    files = [store_upload(content=PNG, name=f"{number}.png") for number in range(3)]
    known = [enclosed(as_attachment(media)) for media in files]

    def split(platform, text):
        rows = parcels(CAPABILITIES[platform], text, known)
        return [(words, list(numbers)) for words, numbers in rows]

    assert split("telegram", "Look") == [("Look", [0]), ("", [1]), ("", [2])]
    assert split("messenger", "Look") == [("Look", []), ("", [0]), ("", [1]), ("", [2])]
    assert split("email", "Look") == [("Look", [0, 1, 2])]
    assert split("telegram", "x" * 1_025)[0] == ("x" * 1_025, [])
    assert split("telegram", "") == [("", [0]), ("", [1]), ("", [2])]


def test_a_file_is_part_of_one_message_only(north):
    media = store_upload(content=PNG, name="a.png")
    conversation = talk("telegram")
    post_with_files(conversation=conversation, text="", files=[media], author="human")

    with pytest.raises(SendRefused) as refused:
        post_message(
            conversation=conversation,
            text="again",
            author=Message.Author.HUMAN,
            attachments=[as_attachment(media)],
        )

    assert refused.value.code == "unknown_file"
    assert Message.objects.count() == 1


def test_a_file_that_was_erased_meanwhile_fails_the_message_with_a_reason(north, network):
    media = store_upload(content=PNG, name="a.png")
    [message] = post_with_files(
        conversation=talk("telegram"), text="", files=[media], author=Message.Author.HUMAN
    )
    Media.objects.filter(pk=media.pk).update(state="failed")

    deliver(message_id=message.pk)

    message.refresh_from_db()
    assert (message.state, message.error_code) == ("failed", "unknown_file")


# -- the composer


@pytest.fixture
def agent(client, north):
    client.force_login(make_user(role="agent"), backend="tenants.accounts.backends.RoleBackend")
    return client


def file_of(content=PNG, name="bike.png"):
    return SimpleUploadedFile(name, content)


def write(agent, conversation, **fields):
    return agent.post(reverse("channels_app:reply", args=[conversation.pk]), fields)


def test_a_reply_with_files_by_a_plain_form(agent):
    conversation = talk("telegram")

    response = write(
        agent, conversation, text="Two", attachments=[file_of(), file_of(PDF, "offer.pdf")]
    )

    assert response.status_code == 302
    first, second = Message.objects.order_by("pk")
    assert (first.text, first.attachments[0]["name"]) == ("Two", "bike.png")
    assert second.attachments[0]["mime"] == "application/pdf"
    page = agent.get(reverse("channels_app:conversation", args=[conversation.pk]))
    assert b'<img src="/media/' in page.content
    assert b"offer.pdf" in page.content


def test_a_file_without_words_is_enough_and_neither_is_not(agent):
    conversation = talk("telegram")

    assert write(agent, conversation, attachments=[file_of()]).status_code == 302
    assert write(agent, conversation).status_code == 422


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([(b"GIF89a" + b"\0" * 20, "a.gif")], "is not of a kind this channel takes"),
        ([(b"", "a.png")], "This file is empty"),
        ([(b"x" * 2_000, "a.txt")], "larger than we take in"),
        ([(PNG, f"{number}.png") for number in range(11)], "Up to 10 files go at once"),
    ],
)
def test_a_refusal_stands_beside_the_field_and_keeps_nothing(
    agent, settings, files, said, django_capture_on_commit_callbacks
):
    settings.MEDIA_MAX_BYTES = 1_000
    conversation = talk("whatsapp")

    with django_capture_on_commit_callbacks(execute=True):
        response = write(
            agent, conversation, text="Look", attachments=[file_of(*each) for each in files]
        )

    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert 'id="id_attachments_error"' in page
    assert "Look" in page
    assert not Media.objects.exists()
    assert not Message.objects.exists()


def test_a_note_takes_no_files(agent):
    response = write(agent, talk("telegram"), text="psst", mode="note", attachments=[file_of()])

    assert response.status_code == 422
    assert "not with notes" in response.content.decode()


# -- the API


@pytest.fixture
def api(north):
    from rest_framework.test import APIClient

    from tenants.services import create_api_key

    _, key = create_api_key(name="k", role="agent")
    return APIClient(HTTP_HOST="north.localhost", HTTP_AUTHORIZATION=f"Bearer {key}")


def test_upload_then_reply_over_the_api(api, client, files):
    uploaded = api.post("/api/v1/media/", {"file": file_of()}, format="multipart")
    assert uploaded.status_code == 201
    assert (uploaded.data["mime"], uploaded.data["width"]) == ("image/png", 3)
    assert b"".join(link_of(uploaded.data["url"], client).streaming_content) == PNG

    conversation = talk("telegram")
    sent = api.post(
        f"/api/v1/conversations/{conversation.pk}/reply/",
        {"text": "Look", "media": [uploaded.data["id"]]},
        format="json",
    )
    assert sent.status_code == 201
    assert sent.data["media"][0]["id"] == uploaded.data["id"]

    again = api.post(
        f"/api/v1/conversations/{conversation.pk}/reply/",
        {"text": "Look", "media": [uploaded.data["id"]]},
        format="json",
    )
    assert (again.status_code, again.json()["code"]) == (409, "unknown")
    listed = api.get(f"/api/v1/media/{uploaded.data['id']}/")
    assert listed.data["message"] == sent.data["id"]
    assert len(stored_files(files)) == 1


def test_what_the_api_does_not_take(api, settings):
    settings.MEDIA_MAX_BYTES = 100
    large = api.post("/api/v1/media/", {"file": file_of(b"x" * 101)}, format="multipart")
    empty = api.post("/api/v1/media/", {"file": file_of(b"")}, format="multipart")

    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert (empty.status_code, empty.json()["code"]) == (422, "empty")


def test_the_other_companys_file_is_not_there(api, south):
    with context.inside(south):
        foreign = store_upload(content=PNG, name="a.png")

    assert api.get(f"/api/v1/media/{foreign.pk}/").status_code == 404
    refused = api.post(
        f"/api/v1/conversations/{talk('telegram').pk}/reply/",
        {"media": [str(foreign.pk)]},
        format="json",
    )
    assert refused.status_code == 409
