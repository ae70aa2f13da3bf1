"""The channel doctor, the simulator being the networks: named causes, told once, taken back."""

import json
from datetime import timedelta

import httpx
import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from channels_app import services
from channels_app.findings import KINDS, Severity, finding, of_json
from channels_app.models import ChannelConnection, Checkup, Message, OpenFinding
from channels_app.providers.values import RawItem
from channels_app.scopes import SCOPES
from channels_app.services import doctor, sandboxes
from channels_app.services.symptoms import of_the_ends
from tenants import context, platform_apps
from tenants.models import WebhookRoute
from tests.factories import make_conversation, make_message

PAGE, TOKEN = "104500000000077", "page-token"
Verdict = Checkup.Verdict


@pytest.fixture(autouse=True)
def no_remembered_apps():
    platform_apps.forget_apps()
    yield
    platform_apps.forget_apps()


@pytest.fixture
def page(north, simulator, work):
    """A Facebook page as it should be: subscribed, verified, with all permissions."""
    simulator.account("messenger", PAGE, token=TOKEN)
    config = {"page_token": TOKEN, "app_secret": "s3cret", "verify_token": "v"}
    connection = services.connect(platform="messenger", account_id=PAGE, config=config)
    services.prove_ownership(connection=connection)
    services.subscribe(connection=connection)
    return connection


def look(connection) -> Checkup:
    connection.refresh_from_db()
    checkup = services.examine_now(connection=connection)
    connection.refresh_from_db()
    return checkup


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """What a request or a service rings, it rings on commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def codes(checkup) -> list[str]:
    return [each["code"] for each in checkup.findings]


def test_a_healthy_page_is_called_so(page):
    checkup = look(page)
    assert (checkup.verdict, checkup.findings) == (Verdict.GOOD, [])
    assert page.checked_at is not None
    assert set(page.scopes) == {scope.name for scope in SCOPES["messenger"]}  # as Meta says
    assert not OpenFinding.objects.exists()


def test_a_scope_revoked_at_the_network_is_named_with_what_it_breaks_and_what_to_do(
    page, simulator, people, work
):
    look(page)
    simulator.grants("meta", without="pages_messaging")

    checkup = look(page)

    assert checkup.verdict == Verdict.BAD
    assert codes(checkup) == ["scope:pages_messaging"]
    found = of_json(checkup.findings[0])
    assert found.text == (
        "The permission pages_messaging is missing. Messages can be neither read nor answered."
    )
    assert found.fix == "Sign in again and leave this permission ticked."
    assert page.health == ChannelConnection.Health.RECONNECT
    assert "pages_messaging" in page.health_text


def test_an_optional_scope_is_a_warning(page, simulator):
    simulator.grants("meta", without="pages_manage_engagement")
    checkup = look(page)
    assert checkup.verdict == Verdict.WARNING
    assert codes(checkup) == ["scope:pages_manage_engagement"]
    assert page.health == ChannelConnection.Health.OK


def test_an_ended_token_is_named_in_the_networks_words(page, simulator):
    simulator.grants("meta", over=True)
    checkup = look(page)
    assert codes(checkup) == ["credentials"]
    assert "Session has expired" in of_json(checkup.findings[0]).text
    assert page.health == ChannelConnection.Health.RECONNECT


def test_what_is_over_is_taken_back(page, simulator):
    simulator.grants("meta", over=True)
    look(page)
    assert OpenFinding.objects.get().code == "credentials"

    simulator.reset()
    simulator.account("messenger", PAGE, token=TOKEN)
    checkup = look(page)

    assert checkup.verdict == Verdict.GOOD
    assert page.health == ChannelConnection.Health.OK
    assert not OpenFinding.objects.exists()


def test_a_token_of_another_account_is_told_apart(page, simulator):
    simulator.account("messenger", PAGE, token="somebody-elses")
    simulator.account("messenger", "999", token=TOKEN)
    checkup = look(page)
    assert "wrong_account" in codes(checkup)
    assert "999" in of_json(checkup.findings[0]).text


def test_a_lost_subscription_is_set_right_by_us(page, simulator):
    httpx.delete(
        f"{simulator.settings['META_GRAPH_URL']}/me/subscribed_apps",
        headers={"authorization": f"Bearer {TOKEN}"},
    )
    checkup = look(page)
    assert checkup.verdict == Verdict.GOOD
    assert "messages" in page.provider().subscribed_fields()


def test_a_webhook_that_goes_elsewhere_is_named_and_fetched_back(north, simulator):
    token = "7001:abc"
    config = {"bot_token": token, "secret_token": "s3cret"}
    bot = services.connect(platform="telegram", account_id="7001", config=config)
    services.subscribe(connection=bot)
    httpx.post(
        f"{simulator.url}/telegram/bot{token}/setWebhook", json={"url": "https://old.example/x"}
    )
    simulator.fail("telegram", code=400, message="bad webhook", match="setWebhook")

    checkup = look(bot)  # our own try to set it right fails this once

    assert codes(checkup)[0] == "webhook_url"
    assert "https://old.example/…" in of_json(checkup.findings[0]).text
    assert look(bot).verdict == Verdict.GOOD


def test_access_that_ends_within_a_week_is_seen_before_it_bites(page):
    ChannelConnection.objects.filter(pk=page.pk).update(
        token_expires_at=timezone.now() + timedelta(days=5), renew_due_at=None
    )
    page.refresh_from_db()
    assert [each.code for each in of_the_ends(page)] == ["token_ends"]
    ChannelConnection.objects.filter(pk=page.pk).update(
        renew_due_at=timezone.now() + timedelta(days=4)
    )
    page.refresh_from_db()
    assert list(of_the_ends(page)) == []  # it renews itself


def test_data_access_that_ends_is_told(page, simulator):
    soon = (timezone.now() + timedelta(days=3)).timestamp()
    simulator.sign_in("meta", data_access_expires_at=soon)
    assert codes(look(page)) == ["data_access_ends"]


def test_the_quality_of_a_number_is_told(north, simulator, work):
    simulator.account("whatsapp", "3001", token="wa")
    config = {"access_token": "wa", "app_secret": "s", "verify_token": "v"}
    number = services.connect(platform="whatsapp", account_id="3001", config=config)
    assert look(number).verdict == Verdict.GOOD
    simulator.sign_in("meta", number={"quality_rating": "RED", "status": "FLAGGED"})
    checkup = look(number)
    assert codes(checkup) == ["number_status", "number_quality"]
    assert of_json(checkup.findings[0]).link.startswith("https://business.facebook.com/")


def test_without_the_secret_nothing_would_be_taken(north, simulator, settings):
    settings.META_APP_SECRET = ""
    platform_apps.forget_apps()
    simulator.account("messenger", PAGE, token=TOKEN)
    page = services.connect(platform="messenger", account_id=PAGE, config={"page_token": TOKEN})
    assert "no_secret" in codes(look(page))
    settings.META_APP_SECRET = "ours"
    platform_apps.forget_apps()
    assert "not_verified" in codes(look(page))
    services.prove_ownership(connection=page)
    assert look(page).verdict == Verdict.GOOD


def test_what_failed_in_the_last_day_is_counted(page):
    conversation = make_conversation(connection=page)
    for number in range(3):
        make_message(
            conversation=conversation,
            direction=Message.Direction.OUT,
            author=Message.Author.HUMAN,
            state=Message.State.FAILED,
            state_at=timezone.now(),
            error_text="Re-engagement message" if number else "Something else",
        )
    checkup = look(page)
    assert codes(checkup) == ["sends_failed"]
    assert checkup.findings[0]["params"] == {"count": "3", "said": "Re-engagement message"}


def test_what_nobody_has_to_mend_is_no_finding(page):
    """A colleague was faster, somebody let it go, another account's items came along."""
    conversation = make_conversation(connection=page)
    for more in ({"error_code": "taken_over"}, {"discarded_at": timezone.now()}):
        make_message(
            conversation=conversation,
            direction=Message.Direction.OUT,
            author=Message.Author.AI,
            state=Message.State.FAILED,
            state_at=timezone.now(),
            **more,
        )
    stray = RawItem("77", "stray", "messaging", b"{}")
    services.store_strays(connection_id=page.pk, items=[stray])
    assert codes(look(page)) == []


def test_a_network_that_does_not_answer_condemns_nobody(page, simulator):
    look(page)
    simulator.fail("meta", code=2, status=503, count=5)
    checkup = look(page)
    assert checkup.verdict == Verdict.UNKNOWN
    assert codes(checkup) == ["no_answer"]
    assert page.health == ChannelConnection.Health.OK


def test_access_that_only_ended_early_is_renewed_before_anybody_is_troubled(north, simulator):
    account = services.connect(
        platform="x",
        account_id="901",
        config={"access_token": "a", "refresh_token": "r", "client_id": "c", "app_secret": "s"},
        signed_in=services.connections.SignedIn(by="x", seconds=7200),
    )
    simulator.account("x", "901", token="")
    simulator.fail("x", code=401, status=401, match="users/me")
    checkup = look(account)
    assert "credentials" not in codes(checkup)
    assert account.config["access_token"] != "a"


# -- people are told, once


def test_admins_are_mailed_once_for_each_cause(page, simulator, people, work, commits):
    people["admin"].language = "es"
    people["admin"].save()
    simulator.grants("meta", without="pages_messaging")
    for _night in range(3):
        with commits():
            services.ask_for_checkup(connection=page)
        work()

    (letter,) = mail.outbox
    assert letter.to == [people["admin"].email]
    assert "necesita su atención" in letter.subject
    assert "pages_messaging" in letter.body
    assert f"/channels/{page.pk}/" in letter.body

    simulator.grants("meta", without="pages_manage_metadata")
    with commits():
        services.ask_for_checkup(connection=page)
    work()
    assert len(mail.outbox) == 2
    assert "pages_messaging" not in mail.outbox[1].body


def test_a_mail_server_that_is_down_is_tried_again(page, simulator, people, monkeypatch):
    from channels_app.services import telling

    simulator.grants("meta", over=True)
    look(page)

    def refuse(*args, **kwargs):
        raise OSError("connection refused")

    with monkeypatch.context() as down:
        down.setattr(telling, "send_mail", refuse)
        assert services.tell_of_findings(connection_id=page.pk) == 0
    assert services.tell_of_findings(connection_id=page.pk) == 1


def test_a_banner_stands_on_every_page_until_it_is_mended(page, simulator, client, people):
    client.force_login(people["admin"])
    assert "banner--bad" not in client.get("/inbox/").content.decode()
    simulator.grants("meta", without="pages_messaging")
    look(page)
    shown = client.get("/inbox/").content.decode()
    assert "banner--bad" in shown
    assert "pages_messaging" in shown
    client.force_login(people["viewer"])
    assert "banner--bad" not in client.get("/inbox/").content.decode()


# -- the night, the button, the rows


def test_each_connection_has_a_minute_of_the_night(page, monkeypatch):
    assert services.ring_due_checkups() == 0  # it was connected just now
    yesterday = timezone.now() - timedelta(hours=20)
    ChannelConnection.objects.filter(pk=page.pk).update(created_at=yesterday, checked_at=yesterday)
    own = doctor._own_slot(page.pk, "north")
    rung = []
    for slot in range(-1, 36):
        monkeypatch.setattr(doctor, "_slot_of", lambda local, slot=slot: slot)
        rung += [slot] * services.ring_due_checkups()
        Checkup.objects.all().delete()
    assert rung == [own]
    long_ago = timezone.now() - timedelta(hours=40)
    ChannelConnection.objects.filter(pk=page.pk).update(checked_at=long_ago)
    monkeypatch.setattr(doctor, "_slot_of", lambda local: -1)
    assert services.ring_due_checkups() == 1  # the beat slept through a night


def test_the_minutes_are_spread():
    slots = [doctor._own_slot(number, "north") for number in range(720)]
    assert max(map(slots.count, range(36))) < 60
    assert min(map(slots.count, range(36))) > 2


def test_two_who_ask_at_once_get_one_look(page, work, commits):
    with commits():
        first = services.ask_for_checkup(connection=page, asked_by="user:1")
        second = services.ask_for_checkup(connection=page, asked_by="user:2")
    assert first.pk == second.pk
    assert work().count("examine_connection") == 1


def test_the_last_looks_are_kept(page, monkeypatch):
    monkeypatch.setattr(doctor, "KEPT", 3)
    for _ in range(5):
        look(page)
    assert page.checkups.count() == 3


def test_the_page_shows_the_causes_and_a_look_can_be_asked_for(
    page, simulator, client, people, work, commits
):
    client.force_login(people["admin"])
    simulator.grants("meta", without="pages_messaging")
    with commits():
        asked = client.post(f"/channels/{page.pk}/doctor/", headers={"HX-Request": "true"})
    assert "Looking…" in asked.content.decode()
    assert 'hx-trigger="every 1s"' in asked.content.decode()
    work()
    card = client.get(f"/channels/{page.pk}/doctor/", headers={"HX-Request": "true"})
    assert "pages_messaging" in card.content.decode()
    assert "every 1s" not in card.content.decode()
    whole = client.get(f"/channels/{page.pk}/").content.decode()
    assert "Messages can be neither read nor answered." in whole
    plain = client.post(f"/channels/{page.pk}/doctor/")
    assert plain["Location"].endswith(f"/channels/{page.pk}/#doctor")


def test_the_api_asks_and_answers(page, simulator, client, people, work, commits):
    url = f"/api/v1/channels/{page.pk}/doctor/"
    client.force_login(people["viewer"])
    assert client.get(url).json() == {"connection": page.pk, "verdict": "", "checkups": []}
    assert client.post(url).status_code == 403
    client.force_login(people["admin"])
    simulator.grants("meta", without="pages_messaging")
    with commits():
        asked = client.post(url)
    assert (asked.status_code, asked.json()["verdict"]) == (202, "running")
    work()
    told = client.get(url).json()
    assert told["verdict"] == "bad"
    (cause,) = told["checkups"][0]["findings"]
    assert cause["code"] == "scope:pages_messaging"
    assert cause["severity"] == "bad"
    assert cause["fix"]


def test_the_command_prints_a_line_a_channel(page, simulator, capsys, north):
    simulator.grants("meta", without="pages_messaging")
    context.leave()
    try:
        call_command("doctor", "--company", "north")
    finally:
        context.enter_company(north)
    (line,) = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert (line["id"], line["verdict"]) == (page.pk, "bad")
    assert line["findings"][0]["code"] == "scope:pages_messaging"


def test_one_companys_causes_are_unknown_in_another(page, simulator, south, client, people):
    simulator.grants("meta", over=True)
    checkup = look(page)
    with context.inside(south):
        assert not Checkup.objects.exists()
        assert not OpenFinding.objects.exists()
        assert services.ring_due_checkups() == 0
    client.force_login(people["admin"])
    shown = client.get(f"/api/v1/channels/{page.pk}/doctor/", HTTP_HOST="south.localhost")
    assert shown.status_code in {401, 403}
    assert WebhookRoute.objects.get(account_id=PAGE).company_id == context.current_company().pk
    with context.inside(south), pytest.raises(Exception, match="another workspace"):
        services.connect(platform="messenger", account_id=PAGE, config={"page_token": "t"})
    assert checkup.verdict == Verdict.BAD


# -- the words


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_cause_has_words_for_its_particulars(code):
    import re

    holes = set(re.findall(r"%\((\w+)\)s", KINDS[code].text))
    found = finding(code, Severity.BAD, **dict.fromkeys(holes, "…"))
    assert "%(" not in found.text
    assert found.fix
    assert of_json(found.as_json()) == found


def test_a_cause_without_words_any_more_is_left_out():
    assert of_json({"code": "forgotten", "severity": "bad"}) is None


def test_sandboxes_are_looked_at_on_request_and_left_alone_at_night(north):
    found = {}
    for each in sandboxes.looks():
        connection = sandboxes.open_sandbox(platform=each.platform)
        services.subscribe(connection=connection)
        checkup = look(connection)
        found[each.platform] = (str(checkup.verdict), codes(checkup))
        sandboxes.remove_sandbox(connection=connection)
    assert found
    assert not [kind for kind, (verdict, _) in found.items() if verdict == "bad"], found
    sandboxes.open_sandbox(platform=next(iter(found)))
    ChannelConnection.objects.update(checked_at=timezone.now() - timedelta(hours=40))
    assert services.ring_due_checkups() == 0
