"""The operator's apps at the vendors, as the public admin asks for them."""

import pytest

from tenants import platform_apps
from tenants.models import PlatformApp
from tests.factories import make_user

URL = "/admin/tenants/platformapp/"


@pytest.fixture
def operator(public, client):
    platform_apps.forget_apps()
    user = make_user(email="op@leadwire.example", is_staff=True, is_superuser=True)
    client.defaults["HTTP_HOST"] = "localhost"
    client.force_login(user)
    yield client
    platform_apps.forget_apps()


def test_secrets_go_in_and_never_come_out(operator):
    form = {"platform": "x", "client_id": "the-client", "client_secret": "the-client-secret"}
    assert operator.post(f"{URL}add/", form).status_code == 302
    row = PlatformApp.objects.get()
    assert row.client_secret == "the-client-secret"
    page = operator.get(f"{URL}{row.pk}/change/").content.decode()
    assert "the-client-secret" not in page
    assert "/oauth/callback/x/" in page
    assert "/webhooks/x/" in page


def test_an_empty_field_leaves_the_secret(operator):
    row = PlatformApp.objects.create(platform="meta", app_id="1", secret="kept")
    form = {"platform": "meta", "app_id": "2", "secret": ""}
    assert operator.post(f"{URL}{row.pk}/change/", form).status_code == 302
    row.refresh_from_db()
    assert (row.app_id, row.secret) == ("2", "kept")
    assert platform_apps.app_of("meta").can_sign_in


def test_a_gap_is_filled_by_the_app_behind_and_by_the_environment(operator, settings):
    settings.META_APP_SECRET = "from the environment"
    PlatformApp.objects.create(platform="meta", app_id="7")
    PlatformApp.objects.create(platform="whatsapp", configuration_id="signup")
    platform_apps.forget_apps()
    app = platform_apps.app_of("whatsapp")
    assert (app.app_id, app.secret, app.configuration_id) == ("7", "from the environment", "signup")
    assert app.can_sign_in
    assert not platform_apps.app_of("google").can_sign_in


def test_a_client_without_its_secret_is_not_given_the_apps(operator, settings):
    PlatformApp.objects.create(platform="x", client_id="c", secret="consumer secret")
    platform_apps.forget_apps()
    assert platform_apps.app_of("x").oauth_secret == ""
    assert not platform_apps.app_of("x").can_sign_in
