"""Calendly's webhook subscriptions: made, found again, made anew and taken back by us."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.hooks.calendly import CalendlyHook
from crm.models import IncomingHook
from crm.services import change_hook, close_hook, open_hook, subscribe_hook, sweep
from crm.services.subscribing import MADE_ANEW
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
