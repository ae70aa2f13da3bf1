"""Signing in at a network: over loopback HTTP, with the simulator's consent pages in between."""

from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from django.core import signing
from django.utils import timezone

from channels_app import services
from channels_app.models import ChannelConnection, SignInAttempt
from channels_app.providers.meta import MetaChannel
from channels_app.scopes import SCOPES
from channels_app.services import signing_in
from channels_app.sign_ins import SIGN_INS
from channels_app.sign_ins.base import Grant
from config.simulator.consent import id_token
from config.simulator.logins import DIRECTORY, person_of
from tenants import context, platform_apps
from tenants.models import PlatformApp, WebhookRoute
from tenants.plugins.credentials import AppCredentials
from tenants.plugins.errors import CredentialsRejected, Rejected
from tests.factories import make_connection
from tests.traveller import Traveller

PAGE, RENTALS, ACCOUNT = "104500000000077", "104500000000078", "178400000000077"
NUMBER = "300000000000077"


@pytest.fixture(autouse=True)
def apps(settings):
    """Our apps, as the operator's environment tells of them."""
    platform_apps.forget_apps()
    for name in (
        "META_APP_ID",
        "INSTAGRAM_APP_ID",
        "INSTAGRAM_APP_SECRET",
        "X_CLIENT_ID",
        "X_CLIENT_SECRET",
        "LINKEDIN_CLIENT_ID",
        "LINKEDIN_CLIENT_SECRET",
        "TIKTOK_CLIENT_KEY",
        "TIKTOK_CLIENT_SECRET",
        "GOOGLE_CLIENT_ID",
        "GOOGLE_CLIENT_SECRET",
        "MICROSOFT_CLIENT_ID",
        "MICROSOFT_CLIENT_SECRET",
    ):
        setattr(settings, name, f"our-{name.lower()}")
    yield
    platform_apps.forget_apps()


@pytest.fixture
def traveller(client, people, simulator):
    return Traveller(client, people["admin"])


def the_attempt() -> SignInAttempt:
    return SignInAttempt.objects.latest("created_at")


def messages_of(answer) -> str:
    return " ".join(str(each) for each in answer.context["messages"])


# -- one account comes: it is connected at once


# Who the mailbox is Microsoft's for good, and not what it is called today.
OFFICE = f"{DIRECTORY}:{person_of('office@acme.example')}"
ONE_ACCOUNT = [
    ("x", "x", "1600000000000077", {"access_token", "refresh_token"}, 7200),
    ("tiktok", "tiktok", "acme-open-id", {"access_token", "refresh_token"}, 86_400),
    ("instagram", "instagram", "178400000000079", {"page_token", "login"}, 60 * 86_400),
    ("google", "email", "hello@acme.example", {"access_token", "oauth", "imap_host"}, 3600),
    ("microsoft", "email", OFFICE, {"access_token", "oauth", "smtp_host"}, 3600),
]


@pytest.mark.parametrize(("kind", "platform", "account_id", "keys", "seconds"), ONE_ACCOUNT)
def test_the_only_account_is_connected_at_once(
    traveller, kind, platform, account_id, keys, seconds
):
    answer = traveller.sign_in(kind, platform)

    connection = ChannelConnection.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/channels/{connection.pk}/"
    assert (connection.platform, connection.account_id) == (platform, account_id)
    assert keys <= set(connection.config)
    assert connection.signed_in_by == kind
    assert connection.scopes
    assert connection.token_expires_at is not None
    assert connection.renew_due_at is not None
    left = connection.token_expires_at - timezone.now()
    assert timedelta(seconds=seconds - 60) < left <= timedelta(seconds=seconds)
    assert connection.renew_due_at < connection.token_expires_at
    route = WebhookRoute.objects.get(platform=platform, account_id=account_id)
    assert route.is_verified  # the network itself said whose it is
    attempt = the_attempt()
    assert (attempt.state, attempt.code, attempt.verifier) == ("done", "", "")
    assert attempt.accounts == []


def test_what_our_app_is_known_by_is_read_anew_each_time(traveller, settings):
    traveller.sign_in("x", "x")
    connection = ChannelConnection.objects.get()
    assert "client_secret" not in connection.config

    settings.X_CLIENT_SECRET = "rotated"

    assert connection.provider().config["client_secret"] == "rotated"


@pytest.mark.parametrize(("kind", "platform"), [("x", "x"), ("tiktok", "tiktok")])
def test_who_leaves_gives_the_access_back(traveller, simulator, kind, platform):
    traveller.sign_in(kind, platform)
    connection = ChannelConnection.objects.get()
    provider = connection.provider()
    assert provider.probe().problems == ()

    services.disconnect(connection=connection)

    with pytest.raises(CredentialsRejected):
        provider.probe()


class TestAMailboxAtMicrosoft:
    def test_it_is_the_person_and_writes_from_their_address(self, traveller):
        traveller.sign_in("microsoft", "email")
        connection = ChannelConnection.objects.get()
        assert (connection.account_id, connection.name) == (OFFICE, "office@acme.example")
        assert cast(Any, connection.provider())._address == "office@acme.example"

    def test_one_that_was_known_by_its_address_stays_itself(self, traveller):
        config = {"oauth": "microsoft", "imap_user": "office@acme.example"}
        before = make_connection(
            platform="email",
            account_id="office@acme.example",
            signed_in_by="microsoft",
            config=config,
        )
        traveller.sign_in("microsoft", "email")
        connection = ChannelConnection.objects.get()
        assert (connection.pk, connection.account_id) == (before.pk, "office@acme.example")
        assert connection.config["subject"] == OFFICE

    def test_an_address_that_passed_to_another_opens_nothing_of_the_first(self, traveller):
        make_connection(
            platform="email",
            account_id="office@acme.example",
            signed_in_by="microsoft",
            config={"oauth": "microsoft", "subject": "directory:somebody who left"},
        )
        traveller.sign_in("microsoft", "email")
        first, second = ChannelConnection.objects.order_by("pk")
        assert "access_token" not in first.config
        assert second.account_id == OFFICE

    @pytest.mark.parametrize("missing", ["tid", "oid"])
    def test_without_an_id_that_stays_nobody_is_connected(self, missing):
        claims = {"preferred_username": "a@b.example", "tid": "t", "oid": "o"}
        token = id_token("app", {name: claims[name] for name in claims if name != missing})
        sign_in = SIGN_INS.get("microsoft")(
            AppCredentials(platform="microsoft", app_id="app", secret="s")
        )
        with pytest.raises(Rejected, match="who signed in"):
            sign_in.accounts(Grant(access_token="token", raw={"id_token": token}))


def test_a_mailbox_that_leaves_is_not_opened_again(traveller):
    traveller.sign_in("google", "email")
    connection = ChannelConnection.objects.get()
    provider = connection.provider()
    services.disconnect(connection=connection)
    with pytest.raises(CredentialsRejected):
        provider.renew()


def test_xs_webhooks_go_to_the_one_address_of_our_app(traveller, simulator, settings, work):
    settings.X_BEARER_TOKEN = "our-app"
    traveller.sign_in("x", "x")
    connection = ChannelConnection.objects.get()
    assert services.subscribe(connection=connection) is True
    (made,) = httpx.get(
        f"{simulator.url}/x/2/webhooks", headers={"authorization": "Bearer our-app"}
    ).json()["data"]
    assert made["url"] == f"{settings.PUBLIC_URL}/webhooks/x/"
    (cause,) = services.examine_now(connection=connection).findings
    assert cause["code"] == "no_secret"  # the operator forgot what X signs with
    settings.X_CONSUMER_SECRET = "our-consumer-secret"
    assert services.examine_now(connection=connection).verdict == "good"


# -- several: one chooses


def test_pages_and_the_instagram_accounts_behind_them_are_chosen_from(traveller, work):
    page = traveller.sign_in("facebook", "messenger")
    assert page.status_code == 302
    choice = traveller.client.get(page["Location"])
    offers = choice.context["offers"]
    assert [(each.platform, each.account_id) for each in offers] == [
        ("messenger", PAGE),
        ("messenger", RENTALS),
    ]
    assert not any(each.lacks for each in offers)

    answer = traveller.client.post(page["Location"], {"account": [offers[1].number]})

    assert answer.status_code == 302
    connection = ChannelConnection.objects.get()
    assert (connection.account_id, connection.name) == (RENTALS, "Acme Rentals")
    assert connection.token_expires_at is None  # a page's token got this way lasts
    work()
    connection.refresh_from_db()
    assert connection.health == "ok"


def test_the_instagram_account_behind_a_page_comes_with_it(traveller, simulator, settings, work):
    settings.META_LOGIN_CONFIGURATION = "900"  # a configuration asks for all it lists
    asked = {scope.name for kind in ("messenger", "instagram") for scope in SCOPES[kind]}
    simulator.sign_in("meta", configured=sorted(asked))
    page = traveller.sign_in("facebook", "instagram")
    offers = traveller.client.get(page["Location"]).context["offers"]
    assert [(each.platform, each.account_id) for each in offers] == [
        ("instagram", ACCOUNT),
        ("messenger", PAGE),
        ("messenger", RENTALS),
    ]

    numbers = [each.number for each in offers[:2]]
    answer = traveller.client.post(page["Location"], {"account": numbers})

    assert answer["Location"] == "/channels/"
    for connection in ChannelConnection.objects.all():
        services.subscribe(connection=connection)
        assert services.examine_now(connection=connection).verdict == "good"
    # One page serves both: subscribing for one takes nothing from the other.
    messenger = ChannelConnection.objects.get(platform="messenger")
    assert {"messages", "feed"} <= cast(MetaChannel, messenger.provider()).subscribed_fields()
    # Nor does leaving with one of them.
    services.disconnect(connection=messenger)
    work()
    instagram = ChannelConnection.objects.get(platform="instagram")
    assert cast(MetaChannel, instagram.provider()).subscribed_fields() == {"feed"}
    assert services.examine_now(connection=instagram).verdict == "good"


def test_a_whatsapp_number_comes_with_its_business_account(traveller, simulator, work):
    traveller.sign_in("whatsapp", "whatsapp")

    connection = ChannelConnection.objects.get()
    assert connection.account_id == NUMBER
    assert connection.config["business_account_id"] == "200000000000077"
    verified = WebhookRoute.objects.filter(connection_id=connection.pk, is_verified=True)
    assert {route.account_id for route in verified} == {NUMBER, "business:200000000000077"}


def test_linkedins_terms_are_the_companys_own_choice(traveller):
    page = traveller.sign_in("linkedin", "linkedin")
    choice = traveller.client.get(page["Location"])
    assert "We may automate this page" in choice.content.decode()

    refused = traveller.client.post(page["Location"], {"account": ["0"]}, follow=True)
    assert "forbid automation" in messages_of(refused)
    assert not ChannelConnection.objects.exists()

    traveller.client.post(page["Location"], {"account": ["0"], "accepts": "1"})
    connection = ChannelConnection.objects.get()
    assert (connection.account_id, connection.name) == ("7700077", "Acme Bikes")
    assert connection.config["accepts_terms"] is True
    assert connection.token_expires_at is not None
    assert connection.token_expires_at - timezone.now() > timedelta(days=59)
    # Nobody is asked twice:
    again = traveller.sign_in("linkedin", "linkedin", posted={"connection": str(connection.pk)})
    assert again["Location"] == f"/channels/{connection.pk}/"


def test_choosing_nothing_asks_again(traveller):
    page = traveller.sign_in("facebook", "messenger")
    answer = traveller.client.post(page["Location"], {})
    assert answer.status_code == 200
    assert "Choose at least one account." in messages_of(answer)
    assert not ChannelConnection.objects.exists()


# -- an account belongs to one company


def test_another_companys_account_is_refused_with_a_clear_sentence(traveller, north, south):
    with context.inside(south):
        services.connect(platform="messenger", account_id=PAGE, config={"app_secret": "s"})

    page = traveller.sign_in("facebook", "messenger")
    choice = traveller.client.get(page["Location"])

    taken = next(each for each in choice.context["offers"] if each.account_id == PAGE)
    assert taken.is_taken
    assert "Connected to another workspace" in choice.content.decode()
    assert "South" not in choice.content.decode()
    # Even where somebody posts what cannot be ticked:
    answer = traveller.client.post(page["Location"], {"account": [taken.number]}, follow=True)
    assert "another workspace" in messages_of(answer)
    assert not ChannelConnection.objects.exists()
    assert WebhookRoute.objects.get(account_id=PAGE).company == south


# -- scopes


def test_a_required_scope_that_was_not_given_is_named_with_what_it_breaks(traveller, simulator):
    page = traveller.sign_in("facebook", "messenger", without=("pages_messaging",))
    choice = traveller.client.get(page["Location"])
    text = choice.content.decode()
    assert "pages_messaging" in text
    assert "Messages can be neither read nor answered." in text
    assert not choice.context["may_choose"]

    answer = traveller.client.post(page["Location"], {"account": ["0"]}, follow=True)

    assert "pages_messaging" in messages_of(answer)
    assert not ChannelConnection.objects.exists()
    again = traveller.set_out("facebook", "messenger", again="1")
    assert dict(parse_qsl(urlsplit(again).query))["auth_type"] == "rerequest"


def test_without_an_optional_scope_the_rest_works(traveller):
    page = traveller.sign_in("x", "x", without=("tweet.write",))
    choice = traveller.client.get(page["Location"])
    (offer,) = choice.context["offers"]
    assert offer.can_be_chosen
    assert [scope.name for scope in offer.works_without] == ["tweet.write"]

    traveller.client.post(page["Location"], {"account": ["0"]})

    assert "tweet.write" not in ChannelConnection.objects.get().scopes


# -- the same connection anew


def test_a_reconnection_keeps_the_connection_and_its_name(traveller):
    traveller.sign_in("x", "x")
    connection = ChannelConnection.objects.get()
    ChannelConnection.objects.filter(pk=connection.pk).update(
        name="Our X", health="reconnect", health_text="revoked"
    )
    old = connection.config["access_token"]

    answer = traveller.sign_in("x", "x", posted={"connection": str(connection.pk)})

    assert answer["Location"] == f"/channels/{connection.pk}/"
    connection.refresh_from_db()
    assert (connection.name, connection.health, connection.health_text) == ("Our X", "ok", "")
    assert connection.config["access_token"] != old
    assert ChannelConnection.objects.count() == 1


def test_a_reconnection_by_somebody_elses_account_is_not_taken_for_it(traveller, simulator):
    traveller.sign_in("x", "x")
    connection = ChannelConnection.objects.get()
    simulator.sign_in("x", accounts=[{"id": "99", "name": "private"}])

    page = traveller.sign_in("x", "x", posted={"connection": str(connection.pk)})
    choice = traveller.client.get(page["Location"])

    assert choice.context["is_missed"]
    assert "did not come with it" in choice.content.decode()
    assert ChannelConnection.objects.count() == 1


# -- ways that end


def test_a_cancelled_consent_ends_in_a_clear_page(traveller):
    answer = traveller.sign_in("facebook", "messenger", decision="deny")
    assert answer.status_code == 200
    assert "You did not give your consent" in answer.content.decode()
    assert the_attempt().error_code == "denied"
    assert the_attempt().verifier == ""


def test_a_network_that_answers_with_an_error_is_quoted(traveller):
    address = traveller.set_out("linkedin", "linkedin")
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    told = {"error": "unauthorized_scope_error", "error_description": "Scope is <b>not</b> ours"}
    query = urlencode({**told, "state": state})
    answer = traveller.arrive(
        traveller.return_by(f"http://localhost/oauth/callback/linkedin/?{query}")
    )
    assert answer.status_code == 400
    assert "Scope is &lt;b&gt;not&lt;/b&gt; ours" in answer.content.decode()


def test_nothing_chosen_at_the_network_is_said(traveller):
    answer = traveller.sign_in("facebook", "messenger", accounts=())
    assert answer.status_code == 302
    page = traveller.client.get(answer["Location"])
    assert "Nothing to connect came with this sign-in" in page.content.decode()


@pytest.mark.parametrize(
    "state",
    ["", "x", "a:b:c", signing.dumps({"s": "north", "a": "1", "k": "x"}, salt="other")],
    ids=["none", "a word", "three", "another salt"],
)
def test_a_forged_state_is_refused_in_public(traveller, state):
    query = urlencode({"code": "c", "state": state})
    answer = traveller.return_by(f"http://localhost/oauth/callback/x/?{query}")
    assert answer.status_code == 403
    assert "no way back from a sign-in of ours" in answer.content.decode()
    assert answer["Referrer-Policy"] == "no-referrer"


def test_an_unknown_network_is_refused(traveller):
    assert traveller.return_by("http://localhost/oauth/callback/myspace/").status_code == 403


def test_a_way_back_counts_once(traveller):
    address = traveller.consent(traveller.set_out("x", "x"))
    first = traveller.return_by(address)
    again = traveller.return_by(address)
    assert first.status_code == 302
    assert again.status_code == 400
    assert "used already" in again.content.decode()
    traveller.arrive(first)
    assert ChannelConnection.objects.count() == 1
    late = traveller.arrive(first)
    assert late.status_code == 400
    assert ChannelConnection.objects.count() == 1


def test_an_answer_that_comes_too_late_is_refused(traveller):
    address = traveller.consent(traveller.set_out("x", "x"))
    SignInAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = traveller.return_by(address)
    assert answer.status_code == 400
    assert "That took too long" in answer.content.decode()
    signing_in.forget_old_attempts()
    assert the_attempt().verifier == ""


def test_one_networks_answer_at_anothers_address_is_refused(traveller):
    """RFC 9700 section 4.4: a mix-up."""
    address = traveller.consent(traveller.set_out("x", "x"))
    answer = traveller.return_by(address.replace("/callback/x/", "/callback/linkedin/"))
    assert answer.status_code == 403
    assert "another network" in answer.content.decode()
    assert the_attempt().state == "started"


def test_a_network_that_names_itself_is_the_one_we_asked(traveller, simulator, settings):
    simulator.sign_in("google", issuer="https://evil.example")
    answer = traveller.return_by(traveller.consent(traveller.set_out("google", "email")))
    assert answer.status_code == 403
    simulator.sign_in("google", issuer=settings.GOOGLE_LOGIN_URL)
    answer = traveller.return_by(traveller.consent(traveller.set_out("google", "email")))
    assert answer.status_code == 302


def test_a_code_slipped_to_somebody_else_is_burnt(traveller, client, people, north):
    """Login CSRF: the attacker consents with their account and sends the victim the way back."""
    from django.test import Client

    answer = traveller.return_by(traveller.consent(traveller.set_out("x", "x")))
    victim = Client(HTTP_HOST="north.localhost")
    victim.force_login(people["admin"])  # the same person even, in another browser
    parts = urlsplit(answer["Location"])

    page = victim.get(f"{parts.path}?{parts.query}")

    assert page.status_code == 403
    assert "Somebody else began this sign-in" in page.content.decode()
    assert traveller.arrive(answer).status_code == 400
    assert the_attempt().code == ""
    assert not ChannelConnection.objects.exists()


def test_what_the_network_says_after_the_end_is_not_kept(traveller, monkeypatch):
    answer = traveller.return_by(traveller.consent(traveller.set_out("x", "x")))
    real = signing_in._keep

    def late(attempt, accounts):
        SignInAttempt.objects.update(expires_at=timezone.now())
        signing_in.forget_old_attempts()
        real(attempt, accounts)

    monkeypatch.setattr(signing_in, "_keep", late)
    traveller.arrive(answer)

    attempt = the_attempt()
    assert (attempt.state, attempt.error_code, attempt.accounts) == ("failed", "expired", [])


def test_what_is_done_cannot_be_burnt(traveller, people):
    traveller.sign_in("x", "x")
    SignInAttempt.objects.update(state="done")

    with pytest.raises(signing_in.SignInRefused):
        signing_in.come_back(
            attempt=the_attempt(), word="w", user=people["agent"], session_key="another"
        )

    assert the_attempt().state == "done"


def test_a_wrong_word_opens_nothing(traveller):
    answer = traveller.return_by(traveller.consent(traveller.set_out("x", "x")))
    path = urlsplit(answer["Location"]).path
    assert traveller.client.get(f"{path}?word=guess").status_code == 403
    assert not ChannelConnection.objects.exists()


def test_a_wrong_verifier_is_refused_by_the_network(traveller):
    answer = traveller.return_by(traveller.consent(traveller.set_out("x", "x")))
    attempt = the_attempt()
    attempt.verifier = "w" * 64
    attempt.save()
    page = traveller.arrive(answer)
    shown = traveller.client.get(page["Location"])
    assert shown.status_code == 400
    assert "code_verifier does not match" in shown.content.decode()


def test_a_code_that_was_spent_is_refused_by_the_network(traveller, simulator):
    address = traveller.consent(traveller.set_out("linkedin", "linkedin"))
    code = dict(parse_qsl(urlsplit(address).query))["code"]
    simulator._http.post("/linkedin/oauth/v2/accessToken", data={
        "grant_type": "authorization_code", "code": code, "client_id": "x", "client_secret": "y",
    })  # fmt: skip
    page = traveller.arrive(traveller.return_by(address))
    assert "has been used" in traveller.client.get(page["Location"]).content.decode()


def test_a_wrong_app_secret_is_told_apart_from_the_persons_mistakes(traveller, simulator):
    simulator.sign_in("x", client_secret="another")
    page = traveller.sign_in("x", "x")
    shown = traveller.client.get(page["Location"]).content.decode()
    assert "The network did not let us in" in shown
    assert "client secret" in shown


@pytest.mark.parametrize("fault", ["drop", "refuse", "malformed"])
def test_a_network_that_breaks_off_leaves_a_clear_page(traveller, simulator, fault):
    answer = traveller.return_by(traveller.consent(traveller.set_out("x", "x")))
    simulator.fail("x", fault, match="token")
    page = traveller.arrive(answer)
    shown = traveller.client.get(page["Location"])
    assert shown.status_code == 400
    assert "did not answer as it should" in shown.content.decode()
    assert the_attempt().state == "failed"


def test_who_dies_while_trading_leaves_a_page_that_says_begin_again(traveller, monkeypatch):
    answer = traveller.return_by(traveller.consent(traveller.set_out("x", "x")))

    def die(attempt, accounts):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(signing_in, "_keep", die)
        with pytest.raises(KeyboardInterrupt):
            traveller.arrive(answer)

    attempt = the_attempt()
    page = traveller.client.get(f"/channels/sign-in/{attempt.pk}/")
    assert page.status_code == 400
    assert "Sign in again" in page.content.decode()
    assert not ChannelConnection.objects.exists()
    SignInAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    services.ring_due_checkups()
    attempt.refresh_from_db()
    assert (attempt.state, attempt.code, attempt.verifier) == ("failed", "", "")


# -- who may, and what is set up


def test_only_who_may_connect_sets_out(client, people, simulator):
    for role, status in (("agent", 403), ("viewer", 403)):
        client.force_login(people[role])
        assert client.post("/channels/sign-in/x/x/start/").status_code == status
    client.logout()
    assert client.post("/channels/sign-in/x/x/start/").status_code == 302
    assert not SignInAttempt.objects.exists()


def test_without_our_app_the_gallery_offers_the_form_and_says_why(client, people, settings):
    settings.X_CLIENT_ID = settings.X_CLIENT_SECRET = ""
    client.force_login(people["admin"])
    page = client.get("/channels/add/x/").content.decode()
    assert "operator of this Leadwire" in page
    gallery = client.get("/channels/").content.decode()
    assert "sign-in/x/x/start" not in gallery
    assert "Signing in with X is not set up: the operator" in gallery
    refused = client.post("/channels/sign-in/x/x/start/", follow=True)
    assert "has not set this sign-in up" in messages_of(refused)


def test_the_operators_row_comes_before_the_environment(north, settings):
    with context.in_public():
        PlatformApp.objects.create(platform="x", client_id="row", client_secret="row-secret")
    platform_apps.forget_apps()
    app = platform_apps.app_of("x")
    assert (app.oauth_id, app.oauth_secret) == ("row", "row-secret")
    assert platform_apps.app_of("whatsapp").app_id == settings.META_APP_ID  # Meta's app, too


def test_attempts_of_one_company_are_unknown_in_another(traveller, south, client):
    traveller.set_out("x", "x")
    attempt = the_attempt()
    with context.inside(south):
        assert not SignInAttempt.objects.filter(pk=attempt.pk).exists()


def test_secrets_are_not_in_the_database_as_they_are(traveller):
    traveller.return_by(traveller.consent(traveller.set_out("x", "x")))
    attempt = the_attempt()
    with context.connection.cursor() as cursor:
        cursor.execute("SELECT code, verifier FROM channels_app_signinattempt")
        stored = b"".join(bytes(value) for value in cursor.fetchone())
    assert attempt.code.encode() not in stored
    assert attempt.verifier.encode() not in stored
