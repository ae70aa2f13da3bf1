"""A page asks the database as often for many rows as for few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.accounts.models import User
from tests.factories import make_connection
from tests.pages.scene import make_scene, make_talk

pytestmark = pytest.mark.usefixtures("memories_last")

LISTS = [
    "workspace:dashboard",
    "workspace:team",
    "workspace:keys",
    "workspace:audit",
    "channels_app:inbox",
    "channels_app:channels",
    "channels_app:incidents",
    "deadletters:letters",
    "leads:board",
    "knowledge:documents",
    "knowledge:sources",
    "knowledge:curated",
    "knowledge:gaps",
    "agents:runs",
    "crm:state",
]


def queries(client, url):
    client.get(url)  # what a process learns once is not the page's cost
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.fixture
def few(north):
    return make_scene()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_one_and_for_ten(sign_in, few, name):
    browser = sign_in("admin")
    with_one = queries(browser, reverse(name))
    shared = make_connection()
    for number in range(2, 12):
        make_talk(number, shared)
        User.objects.create_user(f"p{number}@north.example", "a long password 7")

    with_ten = queries(browser, reverse(name))

    assert with_ten == with_one
    assert with_one <= 30


def test_a_conversation_costs_the_same_for_few_and_many_messages(sign_in, few):
    browser = sign_in("agent")
    url = reverse("channels_app:conversation", args=[few.conversation.pk])
    with_few = queries(browser, url)
    for message in list(few.conversation.messages.all()) * 12:
        message.pk = None
        message.external_key = ""
        message.reference = type(message)._meta.get_field("reference").get_default()
        message.save()

    assert queries(browser, url) == with_few
