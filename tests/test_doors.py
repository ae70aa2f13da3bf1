"""Every address of both hosts, walked from the resolver: a new one is tested the day it appears."""

import json

import pytest
from django.test import Client

from tenants import context
from tenants.accounts import roles
from tenants.accounts.roles import Role
from tenants.services import create_api_key
from tests.walks import rows
from tests.walks.addresses import COMPANY, PUBLIC, addresses

METHODS = ("get", "post", "put", "patch", "delete")

# What visitors of websites ask, by tokens of their own: see tests/channels_app/test_webchat.
CHAT = {
    "chat/<str>.js": "the script that a website includes",
    **{
        f"chat/<str>/{what}": "a visitor's page"
        for what in ("session", "messages", "files", "receipts", "person", "history")
    },
}
# Addresses that strangers may use, each with its reason.
OPEN = {
    COMPANY: {
        "accounts/login/": "the sign-in",
        "accounts/logout/": "ends what is not there",
        "accounts/signup/": "says that people are invited",
        "accounts/inactive/": "says why somebody cannot come in",
        "accounts/confirm-email/": "the link in a mail",
        "accounts/confirm-email/<str>/": "the link in a mail",
        "accounts/password/reset/": "a forgotten password",
        "accounts/password/reset/done/": "a forgotten password",
        "accounts/password/reset/key/<str>-<str>/": "the link in a mail",
        "accounts/password/reset/key/done/": "the link in a mail",
        "accounts/login/code/confirm/": "leads back to the sign-in",
        "accounts/2fa/authenticate/": "leads back to the sign-in",
        "accounts/3rdparty/login/cancelled/": "says that somebody came back without signing in",
        **{
            f"accounts/social/{what}/": "leads on to where allauth has this page today"
            for what in ("connections", "login/cancelled", "login/error", "signup")
        },
        "api/v1/schema/": "the API's description is no secret",
        "api/v1/docs/": "the API's description is no secret",
        "i18n/setlang/": "the language of the sign-in page",
        **CHAT,
        "theme/": "light or dark, kept in a cookie",
        "login/": "the console's sign-in",
        "logout/": "ends what is not there",
        "jsi18n/": "words for the console's scripts",
    },
    PUBLIC: {
        "": "the front page",
        "sign-up/": "how a company opens",
        "find/": "the way to one's company",
        "theme/": "light or dark, kept in a cookie",
        "i18n/setlang/": "the language of the front page",
        "forms/<str>/": "what visitors of websites post: see tests/channels_app/test_submissions",
        **CHAT,
        "metrics": "guarded by address or token: see test_health",
        "admin/login/": "the operator's sign-in",
        "admin/logout/": "ends what is not there",
        "admin/jsi18n/": "words for the admin's scripts",
    },
}
# Webhooks know their senders by signature: see tests/channels_app.
SIGNED = ("webhooks/", "hooks/")
# What everybody may change: their own sign-in, their own settings.
OWN = ("accounts/", "i18n/", "theme/", "logout/", "password_change/", "login/")


def closed(urlconf):
    return [
        address
        for address in addresses(urlconf)
        if address.route not in OPEN[urlconf] and not address.route.startswith(SIGNED)
    ]


@pytest.fixture
def furnished(north):
    """North with one row of everything, under the ids that the walk puts into addresses."""
    rows.make_all()
    return north


def visit(client, address, method):
    path = address.concrete(int=rows.NUMBER, uuid=rows.IDENTIFIER, str=rows.NUMBER)
    return getattr(client, method)(path, headers={"Host": address.host})


def is_stopped(answer):
    if answer.status_code == 302:
        return "login" in answer["Location"]
    if answer.status_code == 204:  # a fragment: the whole page goes to the sign-in
        return "login" in answer.headers.get("HX-Redirect", "")
    return answer.status_code in {401, 403, 404, 405}


@pytest.mark.parametrize("urlconf", [COMPANY, PUBLIC])
def test_the_walk_finds_the_addresses(urlconf):
    found = [address.route for address in addresses(urlconf)]

    assert len(found) > 5
    assert set(OPEN[urlconf]) <= set(found), sorted(set(OPEN[urlconf]) - set(found))


@pytest.mark.parametrize("urlconf", [COMPANY, PUBLIC])
def test_strangers_are_stopped(furnished, urlconf):
    before = rows.fingerprint("north")
    passed = [
        (str(address), method, answer.status_code)
        for address in closed(urlconf)
        for method in METHODS
        if not is_stopped(answer := visit(Client(), address, method))
    ]

    assert passed == []
    assert rows.changed(before, rows.fingerprint("north")) == []


def test_every_address_answers_an_admin_without_falling_over(furnished, people):
    """No address is broken: whatever the answer, it is not a 5xx."""
    browser = Client(raise_request_exception=False)
    browser.defaults["HTTP_HOST"] = "north.localhost"
    browser.force_login(people["admin"])
    broken = []
    for address in addresses(COMPANY):
        if "logout" in address.route:
            continue
        answer = visit(browser, address, "get")
        if answer.status_code >= 500:
            broken.append((str(address), answer.status_code))

    assert broken == []


def test_a_viewer_changes_nothing(furnished, people):
    browser = Client(raise_request_exception=False)
    browser.defaults["HTTP_HOST"] = "north.localhost"
    browser.force_login(people["viewer"])
    before = rows.fingerprint("north")

    allowed = []
    for address in addresses(COMPANY):
        if address.route.startswith(OWN):
            continue
        for method in METHODS[1:]:
            visit(browser, address, method)
        after = rows.fingerprint("north")  # of every table: not for each method
        if touched := rows.changed(before, after):
            allowed.append((str(address), touched))
        before = after

    assert allowed == []


def test_a_viewers_key_changes_nothing(furnished):
    key = create_api_key(name="reader", role="viewer")[1]
    client = Client(headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False)
    visit(client, next(a for a in addresses(COMPANY) if a.route == "api/v1/users/me/"), "get")
    before = rows.fingerprint("north")

    for address in addresses(COMPANY):
        if address.route.startswith("api/"):
            for method in METHODS[1:]:
                visit(client, address, method)

    assert rows.changed(before, rows.fingerprint("north")) == []


# -- the table itself


@pytest.mark.parametrize(
    ("permission", "who"),
    [
        ("leads.view_lead", "admin agent viewer"),
        ("leads.change_lead", "admin agent"),
        ("leads.delete_lead", "admin agent"),
        ("channels_app.view_conversation", "admin agent viewer"),
        ("channels_app.change_conversation", "admin agent"),
        ("channels_app.change_channelconnection", "admin"),
        ("knowledge.add_document", "admin agent"),
        ("knowledge.delete_document", "admin"),
        ("agents.add_run", "admin agent"),
        ("crm.view_crmconnection", "admin"),
        ("crm.change_syncrecord", "admin"),
        ("accounts.view_user", "admin"),
        ("accounts.add_apikey", "admin"),
        ("workspace.view_profile", "admin agent viewer"),
        ("workspace.change_profile", "admin"),
        ("audit.view_auditentry", "admin"),
        ("audit.add_auditentry", ""),
        ("audit.change_auditentry", ""),
        ("audit.delete_auditentry", ""),
        ("leads.unheard_of", "agent"),
        ("", ""),
        ("*", ""),
    ],
)
def test_the_table_of_rights(permission, who):
    granted = {role for role in Role.values if roles.allows(role, permission)}

    assert granted == set(who.split())


def test_a_role_nobody_gave_may_nothing():
    assert not roles.allows("", "leads.view_lead")
    assert not roles.allows("superuser", "leads.view_lead")


def test_being_superuser_means_nothing_in_a_company(north, people):
    viewer = people["viewer"]
    viewer.is_superuser = viewer.is_staff = True
    viewer.save()

    assert not viewer.has_perm("leads.change_lead")
    assert viewer.has_perm("leads.view_lead")


def test_a_person_shown_out_may_nothing(people):
    admin = people["admin"]
    admin.is_active = False
    admin.save()

    assert not admin.has_perm("leads.view_lead")
    context.leave()
    assert not admin.has_perm("leads.view_lead")


def test_unknown_methods_of_the_api_are_problems(furnished):
    key = create_api_key(name="writer", role="admin")[1]
    client = Client(headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False)
    wrong = []
    for address in addresses(COMPANY):
        if not address.route.startswith("api/v1/") or address.name in {"schema", "docs"}:
            continue
        for method in METHODS:
            answer = visit(client, address, method)
            if answer.status_code >= 400:
                shaped = answer["Content-Type"].startswith("application/problem+json")
                if answer.status_code >= 500 or not shaped or not json.loads(answer.content):
                    wrong.append((str(address), method, answer.status_code))

    assert wrong == []
