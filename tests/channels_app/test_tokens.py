"""Access tokens: renewed before they end, once, and people told when only they can help."""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app import services
from channels_app.models import ChannelConnection
from channels_app.providers.access import Renewed
from channels_app.providers.tiktok import TikTok
from tenants.plugins.errors import AnswerLost, CredentialsRejected, Unavailable

DAY = 86_400
Health = ChannelConnection.Health


class Vendor:
    """Hands out tokens one by one, and takes each refresh token once."""

    def __init__(self) -> None:
        self.number = 0
        self.error: Exception | None = None

    def renew(self, refresh_token: str) -> Renewed:
        if self.error:
            raise self.error
        if refresh_token != f"r{self.number}":
            raise CredentialsRejected("invalid_grant")
        self.number += 1
        made = {"access_token": f"a{self.number}", "refresh_token": f"r{self.number}"}
        return Renewed(made, DAY)


@pytest.fixture
def vendor(monkeypatch):
    vendor = Vendor()
    monkeypatch.setattr(TikTok, "renew", lambda self: vendor.renew(self.config["refresh_token"]))
    return vendor


@pytest.fixture
def connection(north, vendor):
    config = {"app_secret": "s", "access_token": "a0", "refresh_token": "r0"}
    return services.connect(platform="tiktok", account_id="biz", config=config)


def due(connection):
    ChannelConnection.objects.filter(pk=connection.pk).update(renew_due_at=timezone.now())


def test_it_is_renewed_at_once_to_learn_how_long_it_lasts(connection, work):
    assert services.ring_due_renewals() == 1
    work()
    connection.refresh_from_db()
    assert connection.config["access_token"] == "a1"
    assert connection.config["app_secret"] == "s"
    left = connection.token_expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert connection.token_expires_at - connection.renew_due_at == timedelta(minutes=30)
    assert services.ring_due_renewals() == 0


def test_a_known_end_is_waited_for(connection):
    services.watch_token(connection=connection, seconds=7200)
    assert connection.renew_due_at - timezone.now() > timedelta(minutes=89)
    assert services.renew(connection_id=connection.pk) is False


def test_two_workers_trade_a_refresh_token_once(connection, vendor, monkeypatch):
    trade = TikTok.renew

    def slowly(self):
        assert services.renew(connection_id=connection.pk) is False
        return trade(self)

    monkeypatch.setattr(TikTok, "renew", slowly)
    assert services.renew(connection_id=connection.pk) is True
    assert vendor.number == 1


def test_what_was_connected_anew_meanwhile_stays(connection, vendor, monkeypatch):
    def meanwhile(self):
        fresh = {**connection.config, "refresh_token": "by hand"}
        ChannelConnection.objects.filter(pk=connection.pk).update(config=fresh)
        return Renewed({"access_token": "late", "refresh_token": "late"}, DAY)

    monkeypatch.setattr(TikTok, "renew", meanwhile)
    assert services.renew(connection_id=connection.pk) is False
    connection.refresh_from_db()
    assert connection.config["refresh_token"] == "by hand"


def test_a_refused_token_says_reconnect_and_is_left_alone(connection, vendor):
    vendor.error = CredentialsRejected("invalid_grant")
    services.renew(connection_id=connection.pk)
    connection.refresh_from_db()
    assert connection.health == Health.RECONNECT
    assert connection.renew_due_at is None

    services.configure(
        connection=connection, name="TikTok", changes={"refresh_token": "r0"}, actor="user:1"
    )
    vendor.error = None
    assert services.renew(connection_id=connection.pk) is True


@pytest.mark.parametrize("error", [Unavailable("down"), AnswerLost("cut off")])
def test_trouble_on_the_way_is_tried_again_and_shown_once_the_token_ended(
    connection, vendor, error
):
    vendor.error = error
    services.renew(connection_id=connection.pk)
    connection.refresh_from_db()
    assert connection.health == Health.OK
    assert connection.renew_due_at > timezone.now()

    ended = timezone.now() - timedelta(minutes=1)
    ChannelConnection.objects.filter(pk=connection.pk).update(token_expires_at=ended)
    due(connection)
    services.renew(connection_id=connection.pk)
    connection.refresh_from_db()
    assert connection.health == Health.TROUBLE

    vendor.error = None
    due(connection)
    assert services.renew(connection_id=connection.pk) is True
    connection.refresh_from_db()
    assert connection.health == Health.OK


def test_a_disconnected_account_is_left_alone(connection):
    services.disconnect(connection=connection)
    assert services.ring_due_renewals() == 0


def test_access_without_a_refresh_token_is_for_good(north):
    config = {"app_secret": "s", "access_token": "a"}
    connection = services.connect(platform="tiktok", account_id="forever", config=config)
    assert connection.renew_due_at is None
