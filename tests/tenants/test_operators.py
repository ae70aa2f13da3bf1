"""What the operator does about companies: looking after them, visiting, suspending, erasing."""

from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client

from channels_app.media import vault
from config import actors
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.audit.services import record
from tenants.models import AuditHead, Company, Domain, ErasedName
from tenants.operators import closing
from tenants.operators.vitals import take_vitals
from tenants.redis import client as redis_client
from tenants.services import open_company
from tests.factories import make_user

PLACE = "/admin/tenants/company/{}/care/"


@pytest.fixture
def operator(public):
    return make_user(
        email="op@leadwire.example", name="Olga Operator", is_superuser=True, is_staff=True
    )


@pytest.fixture
def desk(client, operator):
    """The operator's browser, on the public host."""
    client.defaults["HTTP_HOST"] = "localhost"
    client.force_login(operator)
    return client


@pytest.fixture
def links():
    """Where visits began."""
    return []


@pytest.fixture
def visit(desk, north, people, links):
    """A browser in north, on a visit as this member."""

    def come_as(role):
        page = PLACE.format(north.pk)
        form = {
            "deed": "visit",
            "visit-member": people[role].pk,
            "visit-reason": "They asked us to look at a lost reply",
        }
        # A browser asks the page's own policy whether its form may lead there.
        assert "*.localhost:*" in desk.get(page)["Content-Security-Policy"]
        answer = desk.post(page, form)
        assert answer.status_code == 302, answer.context["forms"]["visit"].errors
        browser = Client(headers={"host": "north.localhost"})
        assert browser.get(answer.url).status_code == 302
        links.append(answer.url)
        return browser

    return come_as


class TestVisits:
    def test_the_operator_sees_what_the_member_sees_and_everybody_reads_who_came(
        self, visit, north, people
    ):
        browser = visit("agent")

        page = browser.get("/").content.decode()
        assert "Olga Operator" in page
        assert "They asked us to look at a lost reply" in page
        assert browser.get("/audit/").status_code == 403, "an agent may not"
        with context.inside(north):
            entry = AuditEntry.objects.get(action="support.visited")
        assert entry.actor.startswith("operator:")
        assert entry.subject == f"user:{people['agent'].pk}"
        assert entry.details["reason"] == "They asked us to look at a lost reply"

    def test_its_deeds_name_the_operator(self, visit, north, operator):
        browser = visit("admin")
        form = browser.get("/settings/").context["form"]
        answers = {name: form[name].value() or "" for name in form.fields}
        answers["tone"] = "Brief."
        assert browser.post("/settings/", answers).status_code == 302

        with context.inside(north):
            entry = AuditEntry.objects.get(action="profile.changed")
            record(action="something.else", subject="x")
            after = AuditEntry.objects.get(action="something.else")
        assert entry.details["operator"] == f"operator:{operator.pk}"
        assert "operator" not in after.details

    @pytest.mark.parametrize(
        "path",
        [
            *("/accounts/password/change/", "/accounts/email/", "/accounts/2fa/", "/keys/"),
            *("/team/", "/api/v1/api-keys/", "/api/v1/tokens/", "/api/v1/users/"),
        ],
    )
    def test_what_is_the_members_own_stays_closed(self, visit, path):
        browser = visit("admin")
        for method in ("get", "post"):
            answer = getattr(browser, method)(path)
            assert answer.status_code == 403
            if path.startswith("/api/"):
                assert answer["Content-Type"] == "application/problem+json"

    def test_it_ends_with_a_click_and_after_an_hour(self, visit, monkeypatch):
        browser = visit("viewer")
        assert browser.post("/accounts/logout/").status_code == 302
        assert browser.get("/").status_code == 302

        browser = visit("viewer")
        session = browser.session
        session["visit"] = {**session["visit"], "ends_at": "2026-01-01T00:00:00+00:00"}
        session.save()
        assert browser.get("/").url.startswith("/accounts/login/")
        assert "_auth_user_id" not in browser.session

    def test_the_link_works_once_and_in_its_company_only(self, visit, links, south):
        visit("admin")
        [link] = links
        assert Client(headers={"host": "north.localhost"}).get(link).status_code == 403
        path = urlsplit(link)
        elsewhere = Client(headers={"host": "south.localhost"})
        assert elsewhere.get(f"{path.path}?{path.query}").status_code == 403

    def test_a_reason_and_a_member_of_that_company_are_needed(self, desk, north, people):
        for changes in ({"visit-reason": ""}, {"visit-member": "999999"}):
            form = {"deed": "visit", "visit-member": people["admin"].pk, "visit-reason": "because"}
            assert desk.post(PLACE.format(north.pk), {**form, **changes}).status_code == 422
        with context.inside(north):
            assert not AuditEntry.objects.filter(action="support.visited").exists()


def test_only_superusers_reach_the_desk(client, north, public):
    client.defaults["HTTP_HOST"] = "localhost"
    client.force_login(make_user(email="staff@leadwire.example", is_staff=False))
    assert client.get(PLACE.format(north.pk)).status_code == 302
    assert client.post(PLACE.format(north.pk), {"deed": "suspend"}).status_code == 302


def test_suspended_every_door_is_closed_and_opens_again(
    desk, north, django_capture_on_commit_callbacks
):
    def do(deed, reason):
        with django_capture_on_commit_callbacks(execute=True):
            form = {"deed": deed, f"{deed}-reason": reason}
            return desk.post(PLACE.format(north.pk), form).status_code

    stranger = Client(headers={"host": "north.localhost"})
    assert do("suspend", "unpaid bill") == 302
    assert stranger.get("/accounts/login/").status_code == 403
    assert do("resume", "paid") == 422, "that says too little"
    assert do("resume", "they paid") == 302
    assert stranger.get("/accounts/login/").status_code == 200
    context.leave()
    deeds = AuditEntry.objects.filter(subject=f"company:{north.pk}").order_by("sequence")
    assert [entry.action for entry in deeds] == ["company.suspended", "company.resumed"]


def test_vitals_are_measured_inside_and_read_outside(desk, north, django_assert_num_queries):
    with context.inside(north):
        take_vitals()
    readings = {each["title"]: each["value"] for each in north.vitals.readings}
    assert readings["Channels in trouble"] == "0"
    assert readings["Database"].endswith(" MB")
    desk.get("/admin/")  # what is remembered for a while
    with django_assert_num_queries(4):  # the schema, the session, the operator, all companies
        page = desk.get("/admin/").content.decode()
    assert north.name in page
    assert "Dead letters" in desk.get(PLACE.format(north.pk)).content.decode()


class TestErasing:
    @pytest.fixture
    def doomed(self, public):
        """A company with something of its own in every place."""
        made = open_company(
            name="Doomed",
            subdomain="doomed",
            admin_email="ada@doomed.example",
            password="correct horse battery",
        )
        with context.inside(made.company):
            redis_client().set(context.scoped("cache", "word"), "secret")
            vault.storage().save("lw/doomed/media/ab/cd.bin", ContentFile(b"a picture"))
        with context.connection.cursor() as cursor:
            # No table can be dropped in the transaction that has its rows still to check.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield made.company
        vault.delete_all_of("doomed")

    def erase(self, desk, company, **changes):
        form = {"deed": "erase", "erase-typed": "doomed", "erase-reason": "they asked for it"}
        return desk.post(PLACE.format(company.pk), {**form, **changes})

    def test_nothing_of_it_is_left_anywhere(self, desk, doomed, north):
        other = redis_client().set(context.scoped("cache", "doomed-not"), "north's")
        context.leave()
        assert other
        assert self.erase(desk, doomed).status_code == 302
        doomed.refresh_from_db()
        assert doomed.keyring == {}, "from this moment on nobody can read it"

        actors.erase_companies()

        with context.connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'doomed'")
            assert cursor.fetchall() == []
        assert not Company.objects.filter(schema_name="doomed").exists()
        assert not Domain.objects.filter(domain__startswith="doomed.").exists()
        assert not AuditHead.objects.filter(schema_name="doomed").exists()
        assert list(redis_client().scan_iter("lw:doomed:*")) == []
        assert redis_client().get("lw:north:cache:doomed-not") == "north's"
        assert not vault.storage().exists("lw/doomed/media/ab/cd.bin")
        assert not any("doomed" in str(row) for row in AuditEntry.objects.values())
        actors.erase_companies()  # a second look finds nothing to do

    def test_its_name_is_given_to_nobody_else(self, desk, doomed):
        self.erase(desk, doomed)
        actors.erase_companies()
        assert "doomed" not in str(list(ErasedName.objects.values()))
        with pytest.raises(ValidationError) as refused:
            open_company(
                name="New",
                subdomain="doomed",
                admin_email="eve@new.example",
                password="correct horse battery",
            )
        assert "subdomain" in refused.value.message_dict

    def test_it_must_be_typed_and_cannot_be_opened_again(self, desk, doomed, operator):
        assert self.erase(desk, doomed, **{"erase-typed": "Doomed!"}).status_code == 422
        doomed.refresh_from_db()
        assert doomed.keyring
        self.erase(desk, doomed)
        doomed.refresh_from_db()
        with pytest.raises(ValidationError):
            closing.resume(company=doomed, operator=operator, reason="a change of mind")

    def test_a_company_that_is_not_doomed_is_never_dropped(self, north, public):
        with pytest.raises(ValueError, match="not to be erased"):
            closing.finish_erasure(north)
