"""Whose account is it? Anybody can type a page's id; only its key opens it."""

import json

import httpx
import pytest
from django.core.exceptions import ValidationError

from channels_app import services
from channels_app.models import InboundEvent
from channels_app.services import routing
from tenants import context
from tenants.models import UnroutedEvent, WebhookRoute

PAGE = "104500000000009"


@pytest.fixture
def page(simulator):
    """A page at the vendor, and the token that its owner holds."""
    httpx.post(
        f"{simulator.url}/_sim/accounts",
        json={"platform": "messenger", "account_id": PAGE, "token": "the-owners-token"},
    ).raise_for_status()
    return PAGE


def connected(account_id: str, token: str):
    given = {"token": token, "secret": "made up"}
    config = services.fresh_config(platform="messenger", given=given)
    return services.connect(platform="messenger", account_id=account_id, config=config)


@pytest.fixture
def arrives(client, settings):
    """Something genuine for the page comes to the address that all companies share."""
    from channels_app.providers import CHANNELS

    def post(mid: str = "m_1"):
        routing.forget_routes()
        message = {
            "sender": {"id": "9"},
            "recipient": {"id": PAGE},
            "timestamp": 1795161655000,
            "message": {"mid": mid, "text": "My address is …"},
        }
        body = json.dumps(
            {"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [message]}]}
        ).encode()
        signed = CHANNELS.get("messenger")({"app_secret": settings.META_APP_SECRET}).signed(body)
        schema = context.schema()
        response = client.post(
            "/webhooks/messenger/",
            body,
            "application/json",
            headers=signed,
            HTTP_HOST="localhost",
        )
        context.enter(schema)
        assert response.status_code == 200

    return post


def test_who_only_typed_a_pages_id_reads_nothing_of_it(page, north, arrives):
    arrives("m_before")
    connection = connected(page, token="a-strangers-token")
    assert services.prove_ownership(connection=connection) is False

    arrives("m_after")

    assert not InboundEvent.objects.exists()
    assert UnroutedEvent.objects.count() == 2


def test_the_owners_key_opens_the_page_and_what_was_kept_for_it(page, north, arrives):
    arrives("m_before")
    connection = connected(page, token="the-owners-token")
    assert not InboundEvent.objects.exists()

    assert services.prove_ownership(connection=connection) is True
    arrives("m_after")

    assert InboundEvent.objects.count() == 2
    assert not UnroutedEvent.objects.exists()


def test_a_vendor_that_is_away_proves_nothing(page, north, simulator):
    connection = connected(page, token="the-owners-token")
    simulator.fail("meta", status=500)

    assert services.prove_ownership(connection=connection) is False
    assert not WebhookRoute.objects.get(account_id=page).is_verified


def test_renewing_a_connection_does_not_forget_the_proof(page, north):
    services.prove_ownership(connection=connected(page, token="the-owners-token"))

    connected(page, token="another-token")

    assert WebhookRoute.objects.get(account_id=page).is_verified


@pytest.mark.parametrize(("token", "proven"), [("wa-token", True), ("other", False)])
def test_whatsapp_asks_for_the_number_itself(north, simulator, token, proven):
    httpx.post(
        f"{simulator.url}/_sim/accounts",
        json={"platform": "whatsapp", "account_id": "1055", "token": "wa-token"},
    ).raise_for_status()
    config = services.fresh_config(platform="whatsapp", given={"token": token, "secret": "s"})
    connection = services.connect(platform="whatsapp", account_id="1055", config=config)

    assert services.prove_ownership(connection=connection) is proven


def test_a_number_of_ones_own_opens_no_strangers_business_account(north, simulator):
    for account_id, token in (("1055", "wa-token"), ("20900", "the-business-token")):
        simulator.account("whatsapp", account_id, token=token)

    def proven_with(token: str) -> set[str]:
        given = {"token": token, "secret": "s"}
        config = services.fresh_config(platform="whatsapp", given=given)
        config["business_account_id"] = "20900"
        connection = services.connect(platform="whatsapp", account_id="1055", config=config)
        services.prove_ownership(connection=connection)
        return set(
            WebhookRoute.objects.filter(is_verified=True).values_list("account_id", flat=True)
        )

    assert proven_with("wa-token") == {"1055"}
    assert proven_with("the-business-token") == {"1055", "business:20900"}


class TestBusinessAccounts:
    """WhatsApp's business accounts, whose news every number of theirs shares."""

    def number(self, account_id: str, business: str):
        given = {"token": "t", "secret": "s"}
        config = services.fresh_config(platform="whatsapp", given=given)
        config["business_account_id"] = business
        return services.connect(
            platform="whatsapp", account_id=account_id, config=config, vouched=True
        )

    def routes(self) -> dict[str, tuple[int, bool]]:
        rows = WebhookRoute.objects.filter(platform="whatsapp")
        return {row.account_id: (row.connection_id, row.is_verified) for row in rows}

    @pytest.mark.parametrize("by", ["connecting again", "its settings"])
    def test_an_account_named_no_longer_is_let_go(self, north, by):
        connection = self.number("1055", "20900")
        if by == "connecting again":
            self.number("1055", "30900")
        else:
            changes = {"business_account_id": "30900"}
            services.configure(connection=connection, name="", changes=changes)

        known = self.routes()
        assert set(known) == {"1055", "business:30900"}
        assert known["1055"] == (connection.pk, True)
        assert known["business:30900"][1] is (by == "connecting again")

    @pytest.mark.parametrize("leaves", ["moves", "goes"])
    def test_a_number_that_stays_inherits_it_and_shows_it_anew(self, north, leaves, simulator):
        for account_id in ("20900", "1055", "1056"):
            simulator.account("whatsapp", account_id, token="t")
        staying, leaving = self.number("1056", "20900"), self.number("1055", "20900")
        assert self.routes()["business:20900"][0] == leaving.pk
        if leaves == "moves":
            self.number("1055", "30900")
        else:
            services.disconnect(connection=leaving)

        assert self.routes()["business:20900"] == (staying.pk, False)
        services.prove_ownership(connection=staying)

    def test_another_company_can_claim_it_then(self, north, south):
        connection = self.number("1055", "20900")
        with context.inside(south), pytest.raises(ValidationError):
            self.number("2055", "20900")
        services.configure(connection=connection, name="", changes={"business_account_id": "30900"})
        with context.inside(south):
            theirs = self.number("2055", "20900")
            changes = {"business_account_id": "30900"}
            with pytest.raises(ValidationError):
                services.configure(connection=theirs, name="", changes=changes)
        assert self.routes()["business:30900"][0] == connection.pk
