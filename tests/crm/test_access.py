"""Access that somebody signed in for is made to last; where it ends for good, that is said."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone

from crm.models import CrmConnection, CrmSignInAttempt, SyncRecord
from crm.services import (
    access,
    mark_dirty,
    properties_of,
    pull_changes,
    push_due,
    reconnect,
    sweep,
)
from crm.services.access import provider_of, renewed
from crm.services.signing_in import begin, come_back
from tenants import platform_apps
from tenants.plugins.errors import CredentialsRejected, Unavailable
from tenants.sign_ins.ways import take_answer
from tests.committed import Threads, committed
from tests.factories import make_lead, make_user
from tests.traveller import consent

State, Health = SyncRecord.State, CrmConnection.Health
KINDS = ("hubspot", "pipedrive", "salesforce")
THERE = {"hubspot": "contacts", "pipedrive": "pipedrive:persons", "salesforce": "salesforce:Lead"}


@pytest.fixture(autouse=True)
def apps(settings, simulator):
    platform_apps.forget_apps()
    for vendor in KINDS:
        setattr(settings, f"{vendor.upper()}_CLIENT_ID", "our-app")
        setattr(settings, f"{vendor.upper()}_CLIENT_SECRET", "our-secret")
    yield
    platform_apps.forget_apps()


def signed_in(kind: str) -> CrmConnection:
    """A connection as somebody's consent leaves it."""
    user = make_user(role="admin")
    back = consent(begin(kind=kind, user=user, session_key="s"))
    on = take_answer(kind=kind, query=dict(parse_qsl(urlsplit(back).query)))
    attempt = come_back(
        attempt=CrmSignInAttempt.objects.latest("created_at"),
        word=dict(parse_qsl(urlsplit(on).query))["word"],
        user=user,
        session_key="s",
    )
    assert attempt.connection is not None, (attempt.error_code, attempt.error_text)
    return attempt.connection


@pytest.fixture(params=KINDS)
def connection(request, north):
    return signed_in(request.param)


@pytest.fixture
def pipedrive(north):
    """Whose refresh tokens work once."""
    return signed_in("pipedrive")


def token_of(connection: CrmConnection) -> str:
    connection.refresh_from_db()
    return str(connection.config["access_token"])


def renewals(simulator) -> int:
    return sum(each["grant"] == "refresh_token" for each in simulator.journal(kind="token"))


class TestWhileItLasts:
    def test_it_is_renewed_before_it_ends(self, pipedrive, simulator):
        before = dict(pipedrive.config)
        mark_dirty(leads=[make_lead()])
        push_due(connection=pipedrive)
        assert renewals(simulator) == 0  # it is fresh

        CrmConnection.objects.update(token_expires_at=timezone.now() + timedelta(minutes=4))
        pipedrive.refresh_from_db()
        mark_dirty(leads=[make_lead()])

        assert push_due(connection=pipedrive).synced == 1
        assert renewals(simulator) == 1
        pipedrive.refresh_from_db()
        assert pipedrive.config["access_token"] != before["access_token"]
        assert pipedrive.config["refresh_token"] != before["refresh_token"]
        left = pipedrive.token_expires_at - timezone.now()
        assert timedelta(minutes=59) < left <= timedelta(hours=1)
        assert pipedrive.renewing_until is None

    def test_one_that_ends_early_is_renewed_in_the_middle_of_the_work(self, connection, simulator):
        simulator.grants(connection.kind, ended=True)
        old = token_of(connection)
        mark_dirty(leads=[make_lead()])

        assert push_due(connection=connection).synced == 1

        assert token_of(connection) != old
        assert connection.health == Health.OK
        assert len(simulator.objects(THERE[connection.kind])) == 1
        assert renewals(simulator) == 1
        simulator.grants(connection.kind, ended=True)
        assert properties_of(connection=connection)
        simulator.grants(connection.kind, ended=True)
        connection.refresh_from_db()
        pull_changes(connection=connection)
        assert renewals(simulator) == 3
        assert provider_of(connection).account() == connection.account_id

    def test_a_vendor_that_does_not_answer_is_asked_again_later(self, connection, simulator):
        simulator.grants(connection.kind, ended=True)
        simulator.fail(connection.kind, "error", status=503, match="token")
        mark_dirty(leads=[make_lead()])
        push_due(connection=connection)
        connection.refresh_from_db()
        assert connection.health == Health.TROUBLE
        assert SyncRecord.objects.get().state == State.FAILED
        assert connection.renewing_until is None

        SyncRecord.objects.update(next_attempt_at=timezone.now())
        assert push_due(connection=connection).synced == 1

    def test_our_own_wrong_secret_is_nobodys_end(self, connection, simulator, settings):
        """The operator's mistake sends no company to its CRM's consent page."""
        simulator.sign_in(connection.kind, client_secret="our-secret")
        settings_name = f"{connection.kind.upper()}_CLIENT_SECRET"
        setattr(settings, settings_name, "mistyped")
        simulator.grants(connection.kind, ended=True)
        with pytest.raises(Unavailable, match="Our app was refused"):
            renewed(connection_id=connection.pk, spent=token_of(connection))
        assert CrmConnection.objects.get().health == Health.OK
        setattr(settings, settings_name, "our-secret")
        renewed(connection_id=connection.pk, spent=token_of(connection))


class TestItsEnd:
    def test_what_was_taken_back_is_said_once_and_loses_nothing(
        self, connection, simulator, mailoutbox, client
    ):
        simulator.grants(connection.kind, over=True)
        mark_dirty(leads=[make_lead()])

        push_due(connection=connection)

        connection.refresh_from_db()
        assert (connection.health, connection.health_text) == (
            Health.RECONNECT,
            access.TAKEN_BACK,
        )
        record = SyncRecord.objects.get()
        assert (record.state, record.attempts) == (State.DIRTY, 0)  # it waits
        asked = renewals(simulator), len(simulator.journal(vendor=connection.kind))
        push_due(connection=connection)
        pull_changes(connection=connection)
        assert (renewals(simulator), len(simulator.journal(vendor=connection.kind))) == asked
        with pytest.raises(CredentialsRejected):
            renewed(connection_id=connection.pk, spent=token_of(connection))

        sweep()
        sweep()
        admins = [mail.to for mail in mailoutbox if "connected again" in mail.subject]
        assert len(admins) == len({to for (to,) in admins}) >= 1
        assert f"/crm/{connection.pk}/" in mailoutbox[-1].body
        client.force_login(make_user(role="admin"), backend="tenants.accounts.backends.RoleBackend")
        page = client.get("/crm/").content.decode()
        assert "has to be connected again: leads wait here" in page

        again = signed_in(connection.kind)
        assert again.pk == connection.pk
        assert push_due(connection=again).synced == 1
        sweep()
        assert "has to be connected again" not in client.get("/crm/").content.decode()
        again.refresh_from_db()
        assert again.told_at is None  # the next end is told anew

    @pytest.mark.parametrize("refuses", ["mail", "nothing"])
    def test_a_mail_that_was_not_taken_is_sent_again(
        self, pipedrive, mailoutbox, monkeypatch, refuses
    ):
        CrmConnection.objects.update(health=Health.RECONNECT, health_text=access.TAKEN_BACK)
        if refuses == "mail":

            def broken(*args, **kwargs):
                raise OSError("no mail server")

            with monkeypatch.context() as down:
                down.setattr("crm.services.telling.send_mail", broken)
                assert sweep()["told"] == 0
        assert sweep()["told"] == 1
        assert sweep()["told"] == 0
        assert len(mailoutbox) == 1


class TestTwoAtOnce:
    def test_of_two_workers_one_trades_the_token(
        self, simulator, django_db_setup, django_db_blocker
    ):
        with django_db_blocker.unblock(), committed():
            connection = signed_in("pipedrive")
            spent = token_of(connection)
            simulator.behave("pipedrive", latency=0.3)
            got: list[str] = []
            threads = Threads()

            def deed() -> None:
                config = renewed(connection_id=connection.pk, spent=spent)
                got.append(config["access_token"])

            threads.run([deed, deed, deed])

            assert threads.errors == []
            assert got == [token_of(connection)] * 3
            assert got[0] != spent
            assert renewals(simulator) == 1
            renewed(connection_id=connection.pk, spent=got[0])  # the token that was kept works

    def test_who_would_wait_too_long_comes_again(self, pipedrive):
        CrmConnection.objects.update(renewing_until=timezone.now() + access.LEASE)
        with pytest.raises(Unavailable, match="being renewed"):
            renewed(connection_id=pipedrive.pk, spent=token_of(pipedrive), patience=0.0)

    @pytest.mark.parametrize("ends", ["kept", "refused"])
    def test_whoever_connects_it_anew_meanwhile_is_not_written_over(
        self, pipedrive, monkeypatch, ends
    ):
        """A renewal that began before somebody signed in again comes home after it."""
        spent, real = token_of(pipedrive), access.sign_in_of

        class Slow:
            def __init__(self, kind: str) -> None:
                self.kind = kind

            def renew(self, config):
                monkeypatch.setattr(access, "sign_in_of", real)
                signed_in("pipedrive")
                if ends == "refused":
                    raise CredentialsRejected("expired", status=400)
                return real(self.kind).renew(config)

        monkeypatch.setattr(access, "sign_in_of", Slow)
        config = renewed(connection_id=pipedrive.pk, spent=spent)

        assert config["access_token"] == token_of(pipedrive) != spent
        assert pipedrive.health == Health.OK
        assert provider_of(pipedrive).account() == "7700"


class TestAWorkerThatDies:
    """After the vendor's answer and before our commit: what came is lost."""

    @pytest.fixture
    def die(self, monkeypatch):
        def fall(row, fresh):
            raise KeyboardInterrupt

        def dying(connection):
            with monkeypatch.context() as patch:
                patch.setattr(access, "_keep", fall)
                with pytest.raises(KeyboardInterrupt):
                    renewed(connection_id=connection.pk, spent=token_of(connection))
            CrmConnection.objects.update(renewing_until=timezone.now())  # its lease runs out

        return dying

    def test_where_the_refresh_token_stays_nothing_is_lost(self, north, die, simulator):
        hubspot = signed_in("hubspot")
        die(hubspot)
        simulator.grants("hubspot", ended=True)
        mark_dirty(leads=[make_lead()])
        assert push_due(connection=hubspot).synced == 1

    def test_where_it_worked_once_somebody_is_asked_to_sign_in(self, pipedrive, die, simulator):
        die(pipedrive)
        simulator.grants("pipedrive", ended=True)
        mark_dirty(leads=[make_lead()])
        push_due(connection=pipedrive)
        pipedrive.refresh_from_db()
        assert pipedrive.health == Health.RECONNECT
        assert SyncRecord.objects.get().state == State.DIRTY
        assert push_due(connection=signed_in("pipedrive")).synced == 1


class TestATypedKey:
    """It takes the place of a consent that somebody gave."""

    @pytest.mark.parametrize("serves", ["nobody", "another", "down"])
    def test_the_consent_is_given_back_once_nobody_works_by_it(
        self, pipedrive, simulator, django_capture_on_commit_callbacks, serves
    ):
        before = dict(pipedrive.config)
        if serves == "another":
            CrmConnection.objects.create(
                kind="pipedrive",
                name="Second",
                config=before,
                signed_in_by="pipedrive",
                account_id=pipedrive.account_id,
            )
        if serves == "down":
            simulator.fail("pipedrive", "error", status=503, match="revoke")
        with django_capture_on_commit_callbacks(execute=True):
            reconnect(connection=pipedrive, config={"token": "typed"})

        pipedrive.refresh_from_db()
        assert (pipedrive.signed_in_by, pipedrive.health) == ("", Health.OK)
        sign_in = access.sign_in_of("pipedrive")
        if serves == "nobody":
            with pytest.raises(CredentialsRejected):
                sign_in.renew(before)
        else:
            assert sign_in.renew(before).config["access_token"]

    def test_a_pause_keeps_the_consent(self, connection, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            reconnect(connection=connection, is_active=False)
        renewed_again = access.sign_in_of(connection.kind).renew(connection.config)
        assert renewed_again.config["access_token"]
