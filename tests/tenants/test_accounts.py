"""People: how they come in, what they may become, and how they are shown out."""

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from tenants import context
from tenants.accounts.models import User
from tenants.accounts.services import change_member, invite
from tenants.audit.models import AuditEntry
from tests.factories import make_user

PASSWORD = "a long password 7"


@pytest.fixture
def browser(north):
    return Client(headers={"Host": "north.localhost"})


@pytest.fixture
def ana(north):
    return make_user(email="ana@north.example", role="agent", password=PASSWORD)


def sign_in(browser, email="ana@north.example", password=PASSWORD):
    return browser.post("/accounts/login/", {"login": email, "password": password})


def link_in(message):
    return re.findall(r"https?://\S+", message.body)[0]


# -- signing in


def test_a_person_signs_in_by_address_and_password(browser, ana):
    answer = sign_in(browser)

    assert answer.status_code == 302
    assert browser.session[SESSION_KEY] == str(ana.pk)


@pytest.mark.parametrize("email", ["ANA@north.example", " ana@north.example "])
def test_an_address_is_the_same_in_any_case(browser, ana, email):
    assert sign_in(browser, email=email).status_code == 302


def test_the_same_address_may_work_at_two_companies_and_each_has_its_own_password(
    browser, ana, south
):
    with context.inside(south):
        make_user(email="ana@north.example", password="another password 8")

    assert sign_in(browser, password="another password 8").status_code == 200
    assert SESSION_KEY not in browser.session
    elsewhere = Client(headers={"Host": "south.localhost"})
    assert sign_in(elsewhere, password="another password 8").status_code == 302


def test_guessing_is_stopped_before_long(browser, ana):
    for _ in range(6):
        sign_in(browser, password="wrong")

    right = sign_in(browser)

    assert right.status_code in {200, 429}
    assert SESSION_KEY not in browser.session


def test_guessing_at_one_company_locks_nobody_out_of_another(browser, ana, south):
    with context.inside(south):
        make_user(email="ana@north.example", password=PASSWORD)
    for _ in range(6):
        sign_in(browser, password="wrong")

    assert sign_in(Client(headers={"Host": "south.localhost"})).status_code == 302


def test_nobody_signs_up_at_a_company(browser):
    form = {"email": "eve@evil.example", "password1": PASSWORD, "password2": PASSWORD}

    browser.post("/accounts/signup/", form)

    assert not User.objects.filter(email="eve@evil.example").exists()


def test_the_cookie_is_out_of_reach_for_scripts_and_for_other_hosts(browser, ana):
    sign_in(browser)
    cookie = browser.cookies["sessionid"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]  # this host only, not the ones beside it


# -- a forgotten password


def test_a_forgotten_password_is_reset_by_a_link_to_the_companys_own_host(browser, ana):
    browser.post("/accounts/password/reset/", {"email": "ana@north.example"})
    (message,) = mail.outbox
    link = link_in(message)

    assert link.startswith("http://north.localhost/")
    assert message.to == ["ana@north.example"]
    form = browser.get(link, follow=True)
    new = "a very new password 9"
    browser.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})

    assert User.objects.get(pk=ana.pk).check_password(new)


def test_a_reset_link_opens_nothing_at_another_company(browser, ana, south):
    with context.inside(south):
        same_number = User(pk=ana.pk, email="bo@south.example")
        same_number.set_password(PASSWORD)
        same_number.save()
    browser.post("/accounts/password/reset/", {"email": "ana@north.example"})
    path = link_in(mail.outbox[0]).removeprefix("http://north.localhost")
    elsewhere = Client(headers={"Host": "south.localhost"})

    page = elsewhere.get(path, follow=True)
    for address in {path, *(url for url, _ in page.redirect_chain)}:
        elsewhere.post(address, {"password1": "stolen it 123", "password2": "stolen it 123"})

    with context.inside(south):
        assert User.objects.get(pk=ana.pk).check_password(PASSWORD)


def test_a_confirmation_link_confirms_nothing_at_another_company(browser, ana, south):
    from allauth.account.models import EmailAddress

    with context.inside(south):
        bo = make_user(email="bo@south.example", role="viewer")
        theirs = EmailAddress.objects.create(pk=900_001, user=bo, email=bo.email)
    sign_in(browser)
    ours = EmailAddress.objects.create(pk=theirs.pk, user=ana, email="ana@elsewhere.example")
    browser.post("/accounts/email/", {"action_send": "", "email": ours.email})
    path = link_in(mail.outbox[-1]).removeprefix("http://north.localhost")

    Client(headers={"Host": "south.localhost"}).post(path)
    with context.inside(south):
        assert not EmailAddress.objects.get(pk=theirs.pk).verified
    browser.post(path)
    assert EmailAddress.objects.get(pk=ours.pk).verified


def test_whether_an_address_is_known_is_not_told(browser, ana):
    known = browser.post("/accounts/password/reset/", {"email": "ana@north.example"})
    unknown = browser.post("/accounts/password/reset/", {"email": "nobody@north.example"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_an_invited_person_chooses_a_password_by_the_link(browser, people):
    invite(email="new@north.example", name="New", role="agent", invited_by=people["admin"])
    browser.post("/accounts/password/reset/", {"email": "new@north.example"})
    form = browser.get(link_in(mail.outbox[-1]), follow=True)
    browser.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})

    assert (
        sign_in(Client(headers={"Host": "north.localhost"}), "new@north.example").status_code == 302
    )


# -- being let in, changed, shown out


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"email": "viewer@north.example"}, "email"),
        ({"email": "VIEWER@north.example"}, "email"),
        ({"role": "king"}, "role"),
    ],
)
def test_an_invitation_that_cannot_be_names_its_field(people, changes, field):
    make_user(email="viewer@north.example")
    wanted = {"email": "new@north.example", "name": "", "role": "agent", **changes}

    with pytest.raises(ValidationError) as refused:
        invite(**wanted, invited_by=people["admin"])

    assert list(refused.value.message_dict) == [field]


@pytest.mark.parametrize(
    "change", [{"role": "viewer", "is_active": True}, {"role": "admin", "is_active": False}]
)
def test_the_last_admin_stays(people, change):
    admin = people["admin"]

    with pytest.raises(ValidationError, match="at least one"):
        change_member(user=admin, changed_by=admin, **change)

    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)


def test_one_of_two_admins_may_go(people):
    second = make_user(role="admin")

    change_member(user=people["admin"], role="viewer", is_active=True, changed_by=second)

    people["admin"].refresh_from_db()
    assert people["admin"].role == "viewer"


def test_whoever_is_shown_out_is_out_at_once(browser, ana, people):
    sign_in(browser)
    assert browser.get("/api/v1/users/me/").status_code == 200

    change_member(user=ana, role="agent", is_active=False, changed_by=people["admin"])

    assert browser.get("/api/v1/users/me/").status_code == 401
    fresh = Client(headers={"Host": "north.localhost"})
    sign_in(fresh)
    assert SESSION_KEY not in fresh.session


def test_every_change_of_people_is_in_the_log_without_their_names(people):
    person = invite(email="new@north.example", name="New", role="agent", invited_by=people["admin"])
    change_member(user=person, role="viewer", is_active=True, changed_by=people["admin"])

    entries = list(AuditEntry.objects.order_by("sequence").values("action", "subject", "actor"))
    assert [entry["action"] for entry in entries] == ["user.invited", "user.changed"]
    assert {entry["subject"] for entry in entries} == {f"user:{person.pk}"}
    assert {entry["actor"] for entry in entries} == {people["admin"].actor}
    assert "new@" not in str(list(AuditEntry.objects.values()))


def test_asking_what_somebody_may_do_costs_no_query(people, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert people["agent"].has_perm("leads.change_lead")
        assert not people["agent"].has_perm("accounts.view_user")
        assert people["viewer"].has_module_perms("leads")


def test_signing_in_and_changing_a_password_are_in_the_log(browser, ana):
    sign_in(browser)
    new = "a very new password 9"
    browser.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )

    entries = AuditEntry.objects.order_by("sequence").values_list("action", "subject", "actor")
    assert list(entries) == [
        ("user.signed_in", ana.actor, ana.actor),
        ("user.changed_password", ana.actor, ana.actor),
    ]


def test_a_wrong_password_writes_no_entry(browser, ana):
    sign_in(browser, password="wrong")

    assert not AuditEntry.objects.exists()
