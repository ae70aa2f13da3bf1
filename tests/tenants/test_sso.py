"""A company's own sign-in, against a provider on loopback that speaks OpenID Connect."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tenants import context
from tenants.accounts.models import SingleSignOn, User
from tenants.audit.models import AuditEntry
from tests.factories import make_user
from tests.tenants.identity_provider import IdentityProvider

START = "/accounts/oidc/company/login/"
BACK = "/accounts/oidc/company/login/callback/"


@pytest.fixture
def provider(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    provider = IdentityProvider()
    yield provider
    provider.close()


def answers(provider, **changes):
    return {
        "name": "Okta",
        "issuer": provider.url,
        "client_id": "leadwire-north",
        "client_secret": "a secret of theirs",
        "domains": "North.example, north.test",
        "new_role": "",
        "is_active": "on",
        **changes,
    }


@pytest.fixture
def sso(north, provider):
    return SingleSignOn.objects.create(
        pk=SingleSignOn.ONLY,
        name="Okta",
        issuer=provider.url,
        client_id="leadwire-north",
        client_secret="a secret of theirs",
        domains=["north.example"],
    )


@pytest.fixture
def come_in(provider):
    """The answer to somebody who went to the provider as this person and came back."""

    def come(host="north.localhost", **person):
        provider.person = {"sub": person.get("email", "?"), **person}
        browser = Client(headers={"host": host})
        asked = parse_qs(urlsplit(browser.get(START)["Location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        return browser.get(BACK, {"code": "a-code", "state": asked["state"][0]})

    return come


def is_in(answer):
    """Whether whoever got this answer is signed in."""
    return answer.client.get("/").status_code == 200


class TestComingIn:
    def test_a_member_whose_address_is_vouched_for(self, sso, come_in, provider, north):
        member = make_user(email="Ada@elsewhere.example".lower(), role="agent")
        assert is_in(come_in(email="ada@elsewhere.example", email_verified=True))
        [asked] = provider.asked
        assert asked["client_secret"] == "a secret of theirs"
        assert asked["code_verifier"]
        context.enter_company(north)
        assert AuditEntry.objects.filter(action="user.signed_in", actor=member.actor).exists()

    def test_the_button_is_there_and_nowhere_else(self, sso, south):
        page = Client(headers={"host": "north.localhost"}).get("/accounts/login/").content.decode()
        assert "Sign in with Okta" in page
        other = Client(headers={"host": "south.localhost"})
        assert "Okta" not in other.get("/accounts/login/").content.decode()
        assert other.get(START).status_code == 404

    @pytest.mark.parametrize(
        "person",
        [
            {"email": "admin@elsewhere.example"},
            {"email": "admin@elsewhere.example", "email_verified": False},
            {"email": "admin@north.example.evil.test"},
            {},
        ],
    )
    def test_an_address_that_nobody_vouches_for_opens_nothing(self, sso, come_in, person, north):
        make_user(email="admin@elsewhere.example", role="admin")
        answer = come_in(**person)
        assert answer.status_code == 403
        assert not is_in(answer)

    def test_an_address_of_the_companys_domain_needs_no_word(self, sso, come_in, north):
        make_user(email="omar@north.example", role="agent")
        assert is_in(come_in(email="Omar@North.example"))

    def test_strangers_stay_outside_unless_the_company_takes_them_in(self, sso, come_in, north):
        stranger = {"email": "new@north.example", "name": "Nora New", "email_verified": True}
        assert come_in(**stranger).status_code == 403
        context.enter_company(north)
        assert not User.objects.filter(email="new@north.example").exists()

        SingleSignOn.objects.update(new_role="viewer")
        assert is_in(come_in(**stranger))
        context.enter_company(north)
        member = User.objects.get(email="new@north.example")
        assert (member.role, member.name, member.has_usable_password()) == (
            *("viewer", "Nora New", False),
        )
        assert AuditEntry.objects.get(action="user.joined").details == {
            "role": "viewer",
            "by": "sso",
        }
        elsewhere = come_in(email="new@elsewhere.example", email_verified=True)
        assert elsewhere.status_code == 403

    def test_who_was_locked_out_stays_out(self, sso, come_in, north):
        member = make_user(email="gone@north.example", role="agent")
        assert is_in(come_in(email="gone@north.example"))
        context.enter_company(north)
        User.objects.filter(pk=member.pk).update(is_active=False)
        assert not is_in(come_in(email="gone@north.example"))

    def test_a_code_that_is_refused_and_a_state_that_is_not_ours(self, sso, come_in, provider):
        provider.status = 400
        assert not is_in(come_in(email="omar@north.example"))
        browser = Client(headers={"host": "north.localhost"})
        answer = browser.get(BACK, {"code": "a-code", "state": "forged"})
        assert answer.status_code != 302
        assert not is_in(answer)


class TestRequired:
    def sign_in(self, user):
        browser = Client(headers={"host": "north.localhost"})
        form = {"login": user.email, "password": "correct horse battery"}
        return browser.post("/accounts/login/", form)

    @pytest.mark.parametrize(
        ("role", "comes_in"), [("admin", True), ("agent", False), ("viewer", False)]
    )
    def test_passwords_open_to_admins_only(self, sso, role, comes_in):
        SingleSignOn.objects.update(is_required=True)
        user = make_user(email="omar@north.example", role=role)
        user.set_password("correct horse battery")
        user.save()
        assert is_in(self.sign_in(user)) is comes_in

    def test_by_the_service_everybody_comes_in(self, sso, come_in):
        SingleSignOn.objects.update(is_required=True)
        make_user(email="omar@north.example", role="agent")
        assert is_in(come_in(email="omar@north.example"))


class TestSettingItUp:
    @pytest.fixture
    def admin(self, client, people):
        client.force_login(people["admin"])
        return client

    def test_saved_encrypted_and_never_shown(self, admin, provider, north):
        page = admin.get("/settings/sign-in/").content.decode()
        assert "http://north.localhost/accounts/oidc/company/login/callback/" in page
        assert admin.post("/settings/sign-in/", answers(provider)).status_code == 302
        page = admin.get("/settings/sign-in/").content.decode()
        assert "a secret of theirs" not in page
        context.enter_company(north)
        kept = SingleSignOn.objects.get()
        assert kept.domains == ["north.example", "north.test"]
        with context.connection.cursor() as cursor:
            cursor.execute("SELECT client_secret FROM accounts_singlesignon")
            assert b"a secret" not in bytes(cursor.fetchone()[0])

        changed = answers(provider, client_secret="", name="Entra")
        assert admin.post("/settings/sign-in/", changed).status_code == 302
        context.enter_company(north)
        kept.refresh_from_db()
        assert (kept.name, kept.client_secret) == ("Entra", "a secret of theirs")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"issuer": "http://127.0.0.1:1"}, "issuer"),
            ({"client_secret": ""}, "client_secret"),
            ({"domains": "not a domain"}, "domains"),
            ({"domains": "", "new_role": "agent"}, "domains"),
            ({"new_role": "admin"}, "new_role"),
        ],
    )
    def test_what_is_wrong_is_said_beside_its_field(self, admin, provider, changes, field):
        answer = admin.post("/settings/sign-in/", answers(provider, **changes))
        assert answer.status_code == 422
        assert field in answer.context["form"].errors

    def test_addresses_inside_our_network_are_not_asked(self, admin, provider, settings):
        settings.ALLOW_PRIVATE_ADDRESSES = False
        for issuer in (provider.url, provider.url.replace("http:", "https:")):
            answer = admin.post("/settings/sign-in/", answers(provider, issuer=issuer))
            assert "issuer" in answer.context["form"].errors

    def test_another_provider_knows_nobody_yet(self, admin, sso, come_in, provider, north):
        """Its number for one person may be the former one's for another."""
        make_user(email="omar@north.example", role="agent")
        assert is_in(come_in(email="omar@north.example", sub="17"))
        changed = answers(provider, issuer=f"{provider.url}/", domains="north.example")
        assert admin.post("/settings/sign-in/", changed).status_code == 302
        other = come_in(email="eve@elsewhere.example", sub="17", email_verified=True)
        assert other.status_code == 403

    def test_removed_everybody_uses_a_password_again(self, admin, sso):
        assert admin.post("/settings/sign-in/", {"deed": "remove"}).status_code == 302
        page = Client(headers={"host": "north.localhost"}).get("/accounts/login/").content.decode()
        assert "Okta" not in page

    @pytest.mark.parametrize("role", ["agent", "viewer"])
    def test_only_admins(self, client, people, role):
        client.force_login(people[role])
        assert client.get("/settings/sign-in/").status_code == 403
        assert client.post("/settings/sign-in/", {"deed": "remove"}).status_code == 403


def test_a_member_sees_where_they_are_signed_in_and_ends_it(client, people):
    make = people["agent"]
    make.set_password("correct horse battery")
    make.save()
    here, there = (Client(headers={"host": "north.localhost", "user-agent": name}) for name in "AB")
    for browser in (here, there):
        browser.post("/accounts/login/", {"login": make.email, "password": "correct horse battery"})
    assert there.get("/").status_code == 200
    assert here.get("/accounts/sessions/").status_code == 200
    here.post("/accounts/sessions/")
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
