"""The errors of Salesforce and Pipedrive are understood."""

from dataclasses import replace

import httpx
import pytest
import respx

from crm.providers.base import CrmProvider, Upsert
from crm.providers.pipedrive import Pipedrive
from crm.providers.pipedrive.records import note_content
from crm.providers.salesforce import Salesforce
from tenants.plugins.errors import CredentialsRejected, RateLimited, Rejected, Unavailable
from tests.crm.samples import FULL, upsert_of

ACME = {
    "base_url": "https://acme.my.salesforce.com",
    "client_id": "3MVG9",
    "client_secret": "s3cret",
}
SESSION = f"{ACME['base_url']}/services/oauth2/token"
UPSERT = f"{ACME['base_url']}/services/data/v64.0/composite/sobjects/Lead/Leadwire_Id__c"


def one(provider: CrmProvider, **more) -> list[Upsert]:
    return [upsert_of(FULL, provider, **more)]


@pytest.fixture
def salesforce(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    return Salesforce(ACME)


@pytest.fixture
def pipedrive(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    return Pipedrive({"token": "pd"})


def pushed(provider) -> Exception | None:
    try:
        (outcome,) = provider.push([replace(each, parts={}) for each in one(provider)])
    except Exception as error:  # noqa: BLE001 (whatever it is, it is looked at)
        return error
    return outcome.error


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", RateLimited),
        (404, "NOT_FOUND", "Provided external ID field does not exist: Leadwire_Id__c",
         CredentialsRejected),
        (400, "INVALID_FIELD", "No such column 'Leadwire_Tier__c' on Lead", Rejected),
        (503, "SERVER_UNAVAILABLE", "busy", Unavailable),
    ],
)  # fmt: skip
def test_what_salesforce_says_is_understood(salesforce, status, code, text, expected):
    with respx.mock as wire:
        wire.post(SESSION).respond(json={"access_token": "s"})
        wire.patch(UPSERT).respond(status, json=[{"message": text, "errorCode": code}])
        error = pushed(salesforce)
    assert type(error) is expected
    assert error.code == code


def test_a_session_that_ended_is_begun_anew_once(salesforce):
    done = httpx.Response(200, json=[{"id": "00Q1", "success": True, "errors": []}])
    with respx.mock as wire:
        begun = wire.post(SESSION).respond(json={"access_token": "s"})
        asked = wire.patch(UPSERT).mock(side_effect=[done, httpx.Response(401), done])
        assert pushed(salesforce) is None
        assert pushed(salesforce) is None
        assert (begun.call_count, asked.call_count) == (2, 3)
        asked.mock(return_value=httpx.Response(401))
        assert isinstance(pushed(salesforce), CredentialsRejected)


def test_an_app_salesforce_does_not_know_has_to_be_connected_anew(salesforce):
    with respx.mock as wire:
        wire.post(SESSION).respond(400, json={"error": "invalid_client_id"})
        assert isinstance(pushed(salesforce), CredentialsRejected)


def test_pipedrive_says_when_there_is_room_again(pipedrive):
    with respx.mock as wire:
        wire.route().respond(429, headers={"x-ratelimit-reset": "3"}, json={"success": False})
        error = pushed(pipedrive)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 3.0


def test_a_note_is_text_whatever_a_customer_wrote(pipedrive):
    content = note_content(one(pipedrive)[0])
    assert "about 900 &lt;b&gt;euros&lt;/b&gt;" in content
