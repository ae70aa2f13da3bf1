"""Calendly's webhook subscriptions: made, found again, made anew and taken back by us."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from crm.hooks.calendly import CalendlyHook
from crm.models import IncomingHook
from crm.services import change_hook, close_hook, open_hook, subscribe_hook, sweep
from crm.services.subscribing import MADE_ANEW
from tenants.moments import forget_moments
from tenants.plugins.errors import Rejected

CONFIG = {"secret": "c" * 32, "api_token": "token-of-ada"}


@pytest.fixture
def opened(north, simulator, work, django_capture_on_commit_callbacks):
    """A hook as its page or its API opens it, with what the workers make of it."""

    def open_with(**config) -> IncomingHook:
        with django_capture_on_commit_callbacks(execute=True):
            hook = open_hook(kind="calendly", config={**CONFIG, **config})
        work()
        hook.refresh_from_db()
        return hook

    return open_with


@pytest.fixture
def changed(work, django_capture_on_commit_callbacks):
    def change(hook, **config) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            change_hook(hook=hook, config=config)
        work()
        hook.refresh_from_db()

    return change


def made(simulator) -> list[dict]:
    return [each for each in simulator.journal(vendor="calendly") if each["status"] == 201]


def there(hook) -> bool:
    return hook.provider().is_subscribed(hook.address, hook.subscription)


def test_a_token_is_all_it_takes(opened, simulator):
    hook = opened()
    assert hook.health == "ok"
    assert there(hook)
    assert [each["signing_key"] for each in made(simulator)] == [CONFIG["secret"]]
    subscribe_hook(hook_id=hook.pk)
    assert len(made(simulator)) == 1  # it is there: nothing is done


def test_without_a_token_nobody_is_asked(opened, simulator):
    hook = opened(api_token="")
    assert (hook.subscription, hook.checked_at) == ("", None)
    assert simulator.journal(vendor="calendly") == []


def test_another_secret_or_scope_is_another_subscription_and_leaves_none_behind(
    opened, changed, simulator
):
    hook = opened()
    first = hook.subscription
    changed(hook, secret="d" * 32)
    assert there(hook)
    assert hook.subscription != first
    assert not hook.provider().is_subscribed(hook.address, first)
    changed(hook, scope="organization")
    assert there(hook)
    assert len(made(simulator)) == 3
    changed(hook, secret="")  # left empty: it stays
    assert len(made(simulator)) == 3


def test_one_that_went_missing_is_seen_within_a_day_and_made_anew(
    opened, simulator, work, django_capture_on_commit_callbacks
):
    hook = opened()
    hook.provider().unsubscribe(hook.subscription)
    assert not there(hook)
    IncomingHook.objects.update(checked_at=timezone.now() - timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep()["subscriptions"] == 1
    work()
    hook.refresh_from_db()
    assert (hook.health, hook.health_text) == ("ok", MADE_ANEW)
    assert there(hook)
    assert sweep()["subscriptions"] == 0


@pytest.mark.parametrize(
    ("config", "fault", "health", "words"),
    [
        ({}, {"status": 401, "message": "The access token expired"}, "reconnect", "expired"),
        ({"api_token": "free-1"}, {}, "trouble", "upgrade your Calendly account"),
        ({"api_token": "member-1", "scope": "organization"}, {}, "trouble", "permission"),
        ({}, {"status": 409, "message": "Hook exists"}, "trouble", "Somebody else has a"),
        ({}, {"status": 429, "retry_after": 30}, "trouble", "asked again"),
        ({}, {"status": 500}, "trouble", "asked again"),
        ({}, {"status": 400, "message": "invalid"}, "trouble", "did not take our address"),
    ],
)
def test_every_refusal_ends_in_a_clear_state(north, simulator, config, fault, health, words):
    hook = open_hook(kind="calendly", config={**CONFIG, **config})
    if fault:
        simulator.fail("calendly", match="webhook_subscriptions", **fault)
    assert subscribe_hook(hook_id=hook.pk) == health
    hook.refresh_from_db()
    assert words in hook.health_text
    assert hook.checked_at is not None


def test_an_answer_that_was_lost_leaves_one_subscription(north, simulator):
    hook = open_hook(kind="calendly", config=CONFIG)
    provider = CalendlyHook(hook.config)
    provider.subscribe(hook.address)  # taken; we do not know its name
    assert subscribe_hook(hook_id=hook.pk) == "ok"
    hook.refresh_from_db()
    found = provider._at(hook.address, provider._owner())
    assert [each["uri"] for each in found] == [hook.subscription]


# -- another account, two clicks, a change in between


def at(hook, token) -> list[str]:
    """The subscriptions to the hook's address that this token's account has."""
    provider = CalendlyHook({**CONFIG, "api_token": token})
    return [each["uri"] for each in provider._at(hook.address, provider._owner())]


def test_the_token_of_another_account_leaves_nothing_behind_at_the_first(opened, changed):
    hook = opened()
    assert len(at(hook, "token-of-ada")) == 1
    changed(hook, api_token="token-of-bob")
    assert at(hook, "token-of-ada") == []  # taken back with the token that had made it
    assert at(hook, "token-of-bob") == [hook.subscription]
    assert (hook.former_configs, hook.is_subscription_stale) == ([], False)


@pytest.mark.parametrize(
    ("status", "is_kept"),
    [(401, False), (403, False), (503, True)],  # gone for good, or asked again
)
def test_an_earlier_account_that_refuses_does_not_keep_the_new_one_waiting(
    opened, simulator, status, is_kept
):
    hook = opened()
    change_hook(hook=hook, config={"api_token": "token-of-bob"})
    simulator.fail("calendly", status=status, match="users/me")  # the first question of all
    assert subscribe_hook(hook_id=hook.pk) == "ok"
    hook.refresh_from_db()
    assert hook.is_subscription_stale is is_kept
    assert there(hook)

    assert subscribe_hook(hook_id=hook.pk) == "ok"
    hook.refresh_from_db()
    assert (hook.is_subscription_stale, hook.former_configs) == (False, [])
    assert bool(at(hook, "token-of-ada")) is not is_kept  # nobody can, with a token that is dead


def test_two_clicks_make_one_subscription(north, simulator, monkeypatch):
    """The second worker comes while the first has asked and has no answer yet."""
    hook = open_hook(kind="calendly", config=CONFIG)
    subscribe = CalendlyHook.subscribe

    def slowly(provider, address):
        monkeypatch.setattr(CalendlyHook, "subscribe", subscribe)
        assert subscribe_hook(hook_id=hook.pk) == ""
        return subscribe(provider, address)

    monkeypatch.setattr(CalendlyHook, "subscribe", slowly)
    assert subscribe_hook(hook_id=hook.pk) == "ok"
    assert len(made(simulator)) == 1
    hook.refresh_from_db()
    assert hook.subscribing_until is None
    assert there(hook)


def test_settings_that_change_while_a_worker_subscribes_win(opened, changed, simulator, work):
    hook = opened(api_token="")
    subscribe = CalendlyHook.subscribe

    def and_then_somebody_changes_it(provider, address):
        name = subscribe(provider, address)
        if provider.config["api_token"] == "token-of-ada":
            change_hook(hook=hook, config={"api_token": "token-of-bob"})
        return name

    with pytest.MonkeyPatch.context() as race:
        race.setattr(CalendlyHook, "subscribe", and_then_somebody_changes_it)
        changed(hook, api_token="token-of-ada")
    subscribe_hook(hook_id=hook.pk)
    hook.refresh_from_db()
    assert at(hook, "token-of-ada") == []
    assert at(hook, "token-of-bob") == [hook.subscription]


def test_a_worker_that_was_killed_holds_nobody_up_for_long(north, simulator):
    hook = open_hook(kind="calendly", config=CONFIG)
    IncomingHook.objects.update(subscribing_until=timezone.now() + timedelta(minutes=4))
    assert subscribe_hook(hook_id=hook.pk) == ""
    IncomingHook.objects.update(subscribing_until=timezone.now() - timedelta(seconds=1))
    assert subscribe_hook(hook_id=hook.pk) == "ok"


# -- people hear of it


def banner(sign_in) -> bool:
    forget_moments()
    return "tells us nothing" in sign_in("admin").get("/leads/").content.decode()


def test_a_token_that_is_refused_is_a_banner_and_one_letter_until_it_is_mended(
    opened, simulator, sign_in, people, work
):
    hook = opened()
    assert not banner(sign_in)
    simulator.fail("calendly", status=401, message="The token was revoked")
    assert subscribe_hook(hook_id=hook.pk) == "reconnect"
    sweep()
    sweep()
    (letter,) = mail.outbox
    assert letter.to == [people["admin"].email]
    assert "The token was revoked" in letter.body
    assert banner(sign_in)

    assert subscribe_hook(hook_id=hook.pk) == "ok"
    sweep()
    assert not banner(sign_in)
    assert len(mail.outbox) == 1
    hook.refresh_from_db()
    assert (hook.alarm_at, hook.told_at) == (None, None)


def test_what_passes_by_itself_disturbs_nobody_for_a_day(opened, simulator, sign_in, people):
    hook = opened()
    for _ in range(2):  # the second time changes nothing about when it began
        simulator.fail("calendly", status=503, count=3)
        subscribe_hook(hook_id=hook.pk)
    sweep()
    assert mail.outbox == []
    assert not banner(sign_in)
    IncomingHook.objects.update(alarm_at=timezone.now() - timedelta(seconds=1))
    sweep()
    assert len(mail.outbox) == 1
    assert banner(sign_in)


def test_who_closes_it_takes_it_back_even_where_calendly_refuses(opened, simulator):
    hook, other = opened(), opened()
    address, name, provider = hook.address, hook.subscription, hook.provider()
    close_hook(hook=hook)
    assert not provider.is_subscribed(address, name)
    simulator.fail("calendly", status=401)
    close_hook(hook=other)
    other.refresh_from_db()
    assert (other.subscription, other.config, other.is_active) == ("", {}, False)


def test_the_page_says_how_it_stands(opened, simulator, sign_in):
    opened()
    assert "Subscribed" in sign_in("admin").get("/crm/").content.decode()
    opened(api_token="free-1")
    page = sign_in("admin").get("/crm/").content.decode()
    assert "Please upgrade your Calendly account" in page


def test_a_subscription_that_is_gone_already_is_as_good(north, simulator):
    provider = CalendlyHook(CONFIG)
    provider.unsubscribe("https://api.calendly.com/webhook_subscriptions/nobodys")
    simulator.fail("calendly", status=403)
    with pytest.raises(Rejected):
        provider.unsubscribe("https://api.calendly.com/webhook_subscriptions/nobodys")


def test_prism_takes_what_we_ask_of_calendly(prism, judge, settings):
    settings.CALENDLY_API_URL = prism("calendly")
    calendly = CalendlyHook(CONFIG)
    me = {
        "uri": "https://api.calendly.com/users/AAAA",
        "current_organization": "https://api.calendly.com/organizations/BBBB",
    }
    judge.answers = {
        "GET /users/me": {"resource": me},
        "GET /webhook_subscriptions": {"collection": [], "pagination": {}},
    }
    taken = judge.taken(lambda: calendly.subscribe("https://crm.example/hooks/calendly/abc/"))
    assert taken == [
        "GET /users/me",
        "GET /webhook_subscriptions",
        "POST /webhook_subscriptions",
    ]
    name = "https://api.calendly.com/webhook_subscriptions/AAAA"
    assert judge.taken(lambda: calendly.unsubscribe(name)) == ["DELETE /webhook_subscriptions/AAAA"]
