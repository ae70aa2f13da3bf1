"""A mailbox opened by a token: over real sockets, the token ending and being renewed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app import services
from channels_app.models import ChannelConnection, Conversation, Message
from channels_app.providers.email import oauth
from channels_app.services.connections import SignedIn
from tests.channels_app.test_email import ADDRESS, answer, house, letter, look  # noqa: F401
from tests.factories import mailbox_config

Health = ChannelConnection.Health


@pytest.fixture(params=["google", "microsoft"])
def vendor(request, simulator, settings):
    """The sign-in whose token endpoint renews the mailbox's token."""
    name = request.param.upper()
    setattr(settings, f"{name}_CLIENT_ID", "our-client")
    setattr(settings, f"{name}_CLIENT_SECRET", "our-secret")
    return request.param


@pytest.fixture
def mailbox(north, house, vendor, simulator):  # noqa: F811
    first = simulator._http.post(
        f"/{vendor}{TOKEN_PATH[vendor]}", data=consented(simulator, vendor)
    )
    token = first.json()
    house.token = token["access_token"]
    config = mailbox_config(
        house,
        user=ADDRESS,
        oauth=vendor,
        access_token=token["access_token"],
        refresh_token=token["refresh_token"],
    )
    return services.connect(
        platform="email",
        account_id=ADDRESS,
        config=config,
        signed_in=SignedIn(by=vendor, seconds=3600),
    )


AUTHORIZE_PATH = {"google": "/o/oauth2/v2/auth", "microsoft": "/oauth2/v2.0/authorize"}
TOKEN_PATH = {"google": "/token", "microsoft": "/oauth2/v2.0/token"}


def consented(simulator, vendor: str) -> dict[str, str]:
    """A code that somebody consented to, ready for the token endpoint."""
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    verifier = "v" * 64
    query = {
        "client_id": "our-client",
        "redirect_uri": "http://localhost/back",
        "response_type": "code",
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        "scope": "https://mail.google.com/",
    }
    answer = simulator._http.post(
        f"/{vendor}{AUTHORIZE_PATH[vendor]}",
        params=query,
        data={"decision": "allow", "scope": "https://mail.google.com/", "account": ADDRESS},
    )
    code = answer.headers["location"].partition("code=")[2].partition("&")[0]
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": query["redirect_uri"],
        "client_id": "our-client",
        "client_secret": "our-secret",
        "code_verifier": verifier,
    }


def test_letters_come_in_and_go_out_by_the_token(mailbox, house, work):  # noqa: F811
    house.folder.put(letter())
    look(mailbox, work)
    assert Message.objects.get().text.endswith("Hello")
    assert answer(Conversation.objects.get()).state == Message.State.ACCEPTED
    assert house.taken[0].recipient == "ada@example.com"
    assert mailbox.provider().probe().problems == ()


def test_a_token_that_ended_early_is_renewed_and_the_letters_come(mailbox, house, work):  # noqa: F811
    old = mailbox.config["access_token"]
    house.token = "another by now"
    house.folder.put(letter())
    look(mailbox, work)  # refused: it may only have ended early, so it is renewed
    assert not Message.objects.exists()
    assert services.ring_due_renewals() == 1
    work()
    mailbox.refresh_from_db()
    house.token = mailbox.config["access_token"]
    assert house.token != old
    assert mailbox.config["refresh_token"]
    look(mailbox, work)
    assert Message.objects.get().text.endswith("Hello")
    assert mailbox.health == Health.OK


def test_it_is_renewed_before_it_ends(mailbox):
    left = mailbox.token_expires_at - mailbox.renew_due_at
    assert left == timedelta(minutes=30)
    ChannelConnection.objects.filter(pk=mailbox.pk).update(renew_due_at=timezone.now())
    assert services.renew(connection_id=mailbox.pk) is True


def test_access_taken_back_by_its_owner_is_told(mailbox, simulator, vendor):
    ChannelConnection.objects.filter(pk=mailbox.pk).update(
        config={**mailbox.config, "refresh_token": "revoked"}, renew_due_at=timezone.now()
    )
    assert services.renew(connection_id=mailbox.pk) is False
    mailbox.refresh_from_db()
    assert mailbox.health == Health.RECONNECT
    assert "revoked" in mailbox.health_text


def test_the_doctor_names_the_server_that_refuses(mailbox, house):  # noqa: F811
    house.token = "another by now"
    found = {each.code for each in mailbox.provider().probe().findings}
    assert found == {"mail_in", "mail_out"}


def test_the_word_is_said_once():
    say = oauth.answers("a@b.example", "t")
    assert say(None) == "user=a@b.example\x01auth=Bearer t\x01\x01"
    assert say(b"{}") == ""
