"""A stranger opens a company and stands in it, signed in."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing

from tenants import context, handover
from tenants.accounts.models import User
from tenants.models import Company


@pytest.fixture
def stranger(client, public):
    """A browser on the public host."""
    client.defaults["HTTP_HOST"] = "localhost"
    return client


def answers(stranger, **changes):
    page = stranger.get("/sign-up/")
    return {
        "name": "Blue Door",
        "subdomain": "blue-door",
        "admin_email": "ana@blue.example",
        "password": "correct horse battery",
        "attempt": page.context["form"]["attempt"].value(),
        **changes,
    }


def test_the_front_page_leads_to_the_sign_up(stranger):
    page = stranger.get("/").content.decode()

    assert 'href="/sign-up/"' in page
    assert 'href="/find/"' in page


def test_opening_a_company_costs_under_two_seconds_and_ends_signed_in(stranger):
    started = time.process_time()  # our own work: the machine may be busy with something else
    answer = stranger.post("/sign-up/", answers(stranger))
    entered = stranger.get(answer.url, headers={"host": "blue-door.localhost"})
    home = stranger.get("/", headers={"host": "blue-door.localhost"})

    assert urlsplit(answer.url).hostname == "blue-door.localhost"
    assert entered.status_code == 302
    assert home.status_code == 200
    assert "Blue Door" in home.content.decode()
    assert time.process_time() - started < 2


def test_a_hand_over_works_once(stranger):
    answer = stranger.post("/sign-up/", answers(stranger))
    stranger.get(answer.url, headers={"host": "blue-door.localhost"})
    stranger.cookies.clear()

    again = stranger.get(answer.url, headers={"host": "blue-door.localhost"})

    assert again.status_code == 403
    assert stranger.get("/", headers={"host": "blue-door.localhost"}).status_code == 302


def test_a_hand_over_is_good_for_its_company_only(stranger):
    answer = stranger.post("/sign-up/", answers(stranger))

    elsewhere = stranger.get(answer.url, headers={"host": "north.localhost"})

    assert elsewhere.status_code == 403


def test_a_hand_over_is_good_for_a_minute(north, people, monkeypatch):
    url = handover.handover_url(company=north, domain="north.localhost", user=people["admin"])
    token = parse_qs(urlsplit(url).query)["token"][0]
    monkeypatch.setattr(handover, "SECONDS", -1)

    with pytest.raises(handover.BadHandover):
        handover.redeem(token)


@pytest.mark.parametrize(
    "token",
    ["", "nonsense", signing.dumps({"schema": "north"})],
    ids=["none", "nonsense", "another salt"],
)
def test_a_forged_hand_over_opens_nothing(client, north, token):
    assert client.get("/enter/", {"token": token}).status_code == 403


def test_the_same_click_twice_opens_one_company(stranger):
    form = answers(stranger)
    first = stranger.post("/sign-up/", form)
    second = stranger.post("/sign-up/", form)

    assert first.status_code == second.status_code == 302
    assert first.url != second.url  # each its own single-use link
    assert Company.objects.filter(schema_name="blue-door").count() == 1
    entered = stranger.get(second.url, headers={"host": "blue-door.localhost"})
    assert entered.status_code == 302


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"subdomain": "north"}, "subdomain", "taken"),
        ({"subdomain": "admin"}, "subdomain", "reserved"),
        ({"subdomain": "xn--80ak6aa92e"}, "subdomain", "reserved"),
        ({"subdomain": "9 lives"}, "subdomain", "lower-case"),
        ({"name": ""}, "name", "required"),
        ({"admin_email": "ana"}, "admin_email", "valid email"),
        ({"password": "123"}, "password", "too short"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(stranger, changes, field, reason):
    before = Company.objects.count()

    answer = stranger.post("/sign-up/", answers(stranger, **changes))

    assert answer.status_code == 422
    assert reason in " ".join(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert Company.objects.count() == before


def test_a_password_is_never_shown_again(stranger):
    answer = stranger.post("/sign-up/", answers(stranger, subdomain="north"))

    assert "correct horse battery" not in answer.content.decode()


def test_the_finder_leads_to_the_company(stranger):
    for typed in ("north", "NORTH.localhost", "https://north.localhost:8000/inbox/"):
        answer = stranger.post("/find/", {"subdomain": typed})
        assert urlsplit(answer.url).hostname == "north.localhost"

    assert stranger.post("/find/", {"subdomain": "nowhere"}).status_code == 422


def test_the_superusers_admin_shows_companies(stranger):
    context.leave()
    stranger.force_login(
        User.objects.create_superuser("root@example.com", "a long password 7"),
        backend="tenants.accounts.backends.RoleBackend",
    )

    for page in (
        "",
        "tenants/company/",
        "tenants/domain/",
        "tenants/plan/",
        "tenants/webhookroute/",
    ):
        assert stranger.get(f"/admin/{page}").status_code == 200, page


def test_a_plain_account_on_the_public_host_gets_no_admin(stranger):
    context.leave()
    stranger.force_login(
        User.objects.create_user("joe@example.com", "a long password 7", is_staff=True),
        backend="tenants.accounts.backends.RoleBackend",
    )

    assert stranger.get("/admin/tenants/company/").status_code == 403


def test_the_console_has_one_sign_in_form(client, north):
    """A second one would know neither second factors nor limits."""
    first = client.get("/leads/lead/")
    then = client.get(first.url)

    assert then.url == "/accounts/login/?next=/leads/lead/"
    assert client.get("/password_change/").status_code == 302


def test_a_sign_in_leads_nowhere_else(client, people):
    answer = client.post(
        "/accounts/login/?next=https://evil.example/",
        {"login": people["agent"].email, "password": "a long password 7"},
    )

    assert answer.url == "/"


def test_who_guesses_the_operators_password_has_to_wait(stranger):
    User.objects.create_superuser("guessed@example.com", "the right horse battery")
    wrong = {"username": "guessed@example.com", "password": "wrong"}
    for _guess in range(10):
        assert stranger.post("/admin/login/", wrong).status_code == 200

    right = stranger.post("/admin/login/", {**wrong, "password": "the right horse battery"})

    assert right.status_code == 200
    assert "Too many attempts" in right.content.decode()
