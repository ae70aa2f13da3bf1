"""A website's form, from the visitor's browser to an answer by e-mail."""

import json

import pytest

from channels_app import services
from channels_app.models import Contact, Conversation, InboundEvent, Message
from channels_app.outbox import SendRefused, post_message
from channels_app.providers import base
from channels_app.services import webhook_url
from config.simulator.mailhouse import MailHouse

SITE = "https://www.acme.example"
ASKED = {"name": "Ada", "email": "Ada@Example.com", "message": "Two rooms in May?", "budget": 900}


@pytest.fixture
def form(north):
    config = {"allowed_origins": f"{SITE}\nhttps://acme.example", "secret": "server-side"}
    return services.connect(platform="form", account_id="contact", config=config)


@pytest.fixture
def mailbox(north, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    with MailHouse() as house:
        config = {"smtp_host": "127.0.0.1", "smtp_port": house.smtp_port, "smtp_security": "none"}
        services.connect(platform="email", account_id="shop@north.example", config=config)
        yield house


@pytest.fixture
def post(client, north):
    from tenants import context

    def send(form, fields=None, *, origin=SITE, method="post", as_form=False, body=None, **headers):
        key = webhook_url(form).rstrip("/").rpartition("/")[2]
        content = body if body is not None else json.dumps(fields or {}).encode()
        options = {"HTTP_HOST": "localhost", "headers": headers}
        if origin:
            options["HTTP_ORIGIN"] = origin
        try:
            if as_form:
                return client.post(f"/forms/{key}/", fields, **options)
            ask = getattr(client, method)
            return ask(f"/forms/{key}/", content, content_type="application/json", **options)
        finally:
            context.enter_company(north)

    return send


def error_of(response):
    [error] = response.json()["errors"]
    return error["code"]


def test_a_submission_becomes_a_message_with_a_contact(form, post, work):
    response = post(form, ASKED)
    work()

    assert response.status_code == 202
    assert response.json() == {"ok": True}
    assert response["Access-Control-Allow-Origin"] == SITE
    assert not response.cookies
    message = Message.objects.get()
    assert message.text == "Two rooms in May?\n\nBudget: 900"
    assert Contact.objects.get().email == "ada@example.com"


def test_an_answer_leaves_by_e_mail_and_theirs_comes_back_to_the_same_place(
    form, mailbox, post, work
):
    post(form, {**ASKED, "subject": "Rooms"})
    work()
    conversation = Conversation.objects.get()

    sent = post_message(conversation=conversation, text="We have two.", author=Message.Author.HUMAN)
    services.deliver(message_id=sent.pk)

    [letter] = mailbox.taken
    assert letter.recipient == "ada@example.com"
    assert b"Subject: Re: Rooms" in letter.content
    assert b"In-Reply-To" not in letter.content, "a form's post has no id that a letter knows"
    sent.refresh_from_db()
    assert sent.connection.platform == "email"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (ASKED, "Connect an e-mail mailbox first: answers to this channel leave by e-mail."),
        ({"message": "Call me"}, "They left no e-mail address; reach them another way."),
    ],
)
def test_without_a_way_back_the_policy_says_why(form, post, work, fields, sentence):
    post(form, fields)
    work()
    with pytest.raises(SendRefused) as refused:
        post_message(
            conversation=Conversation.objects.get(), text="Hi", author=Message.Author.HUMAN
        )
    assert (refused.value.code, refused.value.text) == ("no_way_back", sentence)


def test_an_ordinary_html_form_goes_on_to_its_own_page_only(form, post, work):
    own = post(form, {**ASKED, "_redirect": f"{SITE}/thanks"}, as_form=True)
    other = post(form, {**ASKED, "_redirect": "https://evil.example/"}, as_form=True)
    script = post(form, {**ASKED, "_redirect": "javascript:alert(1)"}, as_form=True)
    assert (own.status_code, own["Location"]) == (303, f"{SITE}/thanks")
    assert other.status_code == script.status_code == 202
    work()
    assert "_redirect" not in Message.objects.first().text


def test_a_second_click_counts_once(form, post, work):
    for _ in range(2):
        assert post(form, {**ASKED, "_id": "7f3a"}).status_code == 202
    work()
    assert Message.objects.count() == 1


def test_without_an_id_the_same_words_are_one_submission_for_a_while_only(
    form, post, work, monkeypatch
):
    for now in (1_800_000_000, 1_800_000_060, 1_800_000_000 + 30 * 86_400):
        monkeypatch.setattr(base, "now_in_seconds", lambda now=now: now)
        assert post(form, {**ASKED, "message": "Any news?"}).status_code == 202
    work()
    assert [each.text.splitlines()[0] for each in Message.objects.all()] == ["Any news?"] * 2
    assert "_span" not in Message.objects.latest("pk").details["fields"]


def test_two_clicks_on_either_side_of_a_spans_end_are_one_submission(form, post, work, monkeypatch):
    for now in (1_800_000_599, 1_800_000_601):
        monkeypatch.setattr(base, "now_in_seconds", lambda now=now: now)
        assert post(form, {**ASKED, "message": "Any news?"}).status_code == 202
    work()
    assert Message.objects.count() == 1


# -- who may post


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://acme.example.evil"])
def test_other_websites_are_refused(form, post, origin):
    response = post(form, ASKED, origin=origin)
    assert (response.status_code, error_of(response)) == (403, "origin")
    assert "Access-Control-Allow-Origin" not in response
    assert not InboundEvent.objects.exists()


def test_a_preflight_is_answered(form, post):
    allowed, refused = (
        post(form, method="options", origin=origin) for origin in (SITE, "https://evil.example")
    )
    assert allowed.status_code == 204
    assert allowed["Access-Control-Allow-Methods"] == "POST"
    assert "Access-Control-Allow-Credentials" not in allowed
    assert refused.status_code == 403


def test_a_server_signs_instead(form, post, work):
    body = json.dumps(ASKED).encode()
    signed = form.provider().signed(body)
    assert post(form, body=body, origin="", **signed).status_code == 202
    assert post(form, body=body + b" ", origin="", **signed).status_code == 403
    assert post(form, body=body, origin="").status_code == 403


def test_the_hidden_field_catches_machines_and_they_do_not_notice(form, post, work):
    response = post(form, {**ASKED, "website_url": "https://spam.example"})
    work()
    assert response.status_code == 202
    assert not Message.objects.exists()
    assert InboundEvent.objects.get().status == InboundEvent.Status.REJECTED


def test_a_visitor_is_slowed_down(form, post):
    answers = [post(form, ASKED) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [202] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert error_of(answers[-1]) == "throttled"
    assert answers[-1]["Access-Control-Allow-Origin"] == SITE, "its script must be able to read it"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{}", 422, "required"),
        (b"[1]", 400, "unreadable"),
        (b"{", 400, "unreadable"),
        (b"\xff\xfe", 400, "unreadable"),
        (b'{"email": "not an address", "message": "x"}', 422, "invalid"),
        (b'{"message": "' + b"x" * 70_000 + b'"}', 413, "too_large"),
        (b'{"message": {"a": [1]}}', 422, "required"),
        (b"[" * 50_000, 400, "unreadable"),
        # as deep as JSON is read, and deeper than anything of ours may go after it
        (b'{"message": ' + b"[" * 400 + b"1" + b"]" * 400 + b"}", 422, "required"),
    ],
)
def test_errors_are_clear(form, post, body, status, code):
    response = post(form, body=body)
    assert (response.status_code, error_of(response)) == (status, code)


def test_a_form_nobody_has_is_not_found(client, public):
    response = client.post("/forms/nothing/", b"{}", "application/json", HTTP_HOST="localhost")
    assert response.status_code == 404
    response = client.post("/forms/no%00thing/", b"{}", "application/json", HTTP_HOST="localhost")
    assert response.status_code == 404


def test_text_of_any_kind_is_taken(form, post, work):
    hostile = {"message": "a\x00b\u202e\ud800 <script>", "name": "x" * 5_000, "": "y", "k" * 999: 1}
    assert post(form, hostile).status_code == 202
    work()
    assert Message.objects.count() == 1
