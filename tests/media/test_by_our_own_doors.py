"""Files by a website's form and inside letters that a service posts."""

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_app.media import fetching
from channels_app.media.services import as_attachment, read, store_upload
from channels_app.models import InboundEvent, Media, Message
from channels_app.services import connect, ingest, webhook_url
from channels_app.services.routing import forget_routes
from tests.media.conftest import PDF, PNG, stored_files


@pytest.fixture(autouse=True)
def fresh_routes():
    forget_routes()
    yield
    forget_routes()


@pytest.fixture
def form(north):
    config = {"allowed_origins": "https://north.example", "secret": "s" * 20}
    return connect(platform="form", account_id="contact", config=config, vouched=True)


def post(client, form, **fields):
    key = webhook_url(form).rstrip("/").rpartition("/")[2]
    return client.post(
        f"/forms/{key}/", fields, HTTP_HOST="localhost", HTTP_ORIGIN="https://north.example"
    )


def file_of(content=PNG, name="bike.png"):
    return SimpleUploadedFile(name, content)


def read_in(north) -> Message:
    from tenants import context

    context.enter_company(north)
    for event in InboundEvent.objects.filter(status="pending"):
        ingest(event_id=event.pk)
    return Message.objects.get()


def test_a_visitor_sends_files_with_the_form(client, north, form, files):
    answer = post(
        client,
        form,
        email="ada@example.com",
        message="See these",
        photos=[file_of(), file_of(PDF, "../../plan.pdf")],
    )

    assert answer.status_code == 202
    message = read_in(north)
    first, second = message.media.order_by("position")
    assert [(first.name, first.mime), (second.name, second.mime)] == [
        ("bike.png", "image/png"),
        ("plan.pdf", "application/pdf"),
    ]
    assert b"".join(read(second)) == PDF
    assert "_files" not in message.text
    assert len(stored_files(files)) == 2


def test_a_second_click_keeps_nothing_twice(
    client, north, form, files, django_capture_on_commit_callbacks
):
    from tenants import context

    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert post(client, form, _id="1", message="Hi", photo=file_of()).status_code == 202
        context.enter_company(north)

    assert InboundEvent.objects.count() == 1
    assert len(stored_files(files)) == 1


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ([(PNG, f"{number}.png") for number in range(6)], 422, "too_many_files"),
        ([(b"x" * 2_000, "a.txt")], 422, "too_large"),
    ],
)
def test_what_the_form_does_not_take(client, north, form, files, settings, given, status, code):
    settings.MEDIA_MAX_BYTES = 1_000

    answer = post(client, form, message="Hi", photos=[file_of(*each) for each in given])

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert not stored_files(files)


def test_a_machine_leaves_no_files(client, north, form, files):
    post(client, form, message="Hi", website_url="https://spam.example", photo=file_of())

    assert not stored_files(files)


@pytest.mark.parametrize("by", ["form", "json"])
def test_nobody_outside_names_a_file_of_ours(client, north, form, by):
    """What a colleague uploaded and has not sent yet stays theirs."""
    upload = store_upload(content=PDF, name="secret.pdf")
    handles = [as_attachment(upload)]
    key = webhook_url(form).rstrip("/").rpartition("/")[2]
    if by == "form":
        post(client, form, message="Hi", _files=json.dumps(handles))
    else:
        client.post(
            f"/forms/{key}/",
            json.dumps({"message": "Hi", "_files": handles}),
            content_type="application/json",
            HTTP_HOST="localhost",
            HTTP_ORIGIN="https://north.example",
        )

    message = read_in(north)
    assert message.attachments == []
    upload.refresh_from_db()
    assert upload.message_id is None


# -- letters


def letter_service(north, name):
    return connect(
        platform="email",
        account_id="shop@north.example",
        config={"inbound": name, "webhook_secret": "hook-secret"},
        vouched=True,
    )


def postmark(content: bytes) -> bytes:
    return json.dumps(
        {
            "FromFull": {"Email": "ada@example.com", "Name": "Ada"},
            "To": "shop@north.example",
            "Subject": "Photo",
            "MessageID": "m1",
            "TextBody": "See the photo.",
            "Headers": [],
            "Attachments": [
                {
                    "Name": "bike.png",
                    "ContentType": "image/png",
                    "Content": base64.b64encode(content).decode(),
                    "ContentLength": len(content),
                }
            ],
        }
    ).encode()


def test_a_letter_with_a_large_file_comes_in_whole(client, north):
    connection = letter_service(north, "postmark")
    content = PNG + bytes(12 * 1024 * 1024)
    body = postmark(content)
    path = "/" + webhook_url(connection).partition("://")[2].partition("/")[2]

    answer = client.post(
        path,
        body,
        content_type="application/json",
        headers=connection.provider().signed(body),
        HTTP_HOST="localhost",
    )

    assert answer.status_code == 200
    message = read_in(north)
    [media] = message.media.all()
    assert fetching.fetch(media_id=media.pk) == "stored"
    media.refresh_from_db()
    assert (media.name, media.mime, media.size) == ("bike.png", "image/png", len(content))


@pytest.mark.parametrize("service", ["sendgrid", "mailgun"])
def test_files_of_a_posted_form_are_parts_of_the_letter(north, service):
    connection = letter_service(north, service)
    fields = {
        "sendgrid": {"from": "ada@example.com", "to": "shop@north.example", "text": "See",
                     "subject": "Photo", "headers": "From: ada@example.com", "envelope": "{}"},
        "mailgun": {"sender": "ada@example.com", "recipient": "shop@north.example",
                    "from": "ada@example.com", "body-plain": "See", "subject": "Photo",
                    "timestamp": "1", "token": "t", "signature": "s"},
    }[service]  # fmt: skip
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        b'--b\r\nContent-Disposition: form-data; name="attachment1"; filename="bike.png"\r\n'
        b"Content-Type: image/png\r\n\r\n"
    )
    body = b"".join([*parts, head, PNG, b"\r\n--b--\r\n"])
    from channels_app.services.intake import store

    for event_id in store(
        connection_id=connection.pk, items=list(connection.provider().split(body))
    ):
        ingest(event_id=event_id)

    [media] = Media.objects.all()
    assert fetching.fetch(media_id=media.pk) == "stored"
    media.refresh_from_db()
    assert b"".join(read(media)) == PNG
