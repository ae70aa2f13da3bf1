"""A page asks the database as often for many rows as for few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_app.models import Contact, Conversation, Label
from channels_app.services.searching import read_all_words
from channels_app.services.views import keep_view
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


def more_talks(count, connection):
    """Conversations with a label each, as many as are asked for."""
    now = timezone.now()
    contacts = Contact.objects.bulk_create(Contact(name=f"Eva {n}") for n in range(count))
    talks = Conversation.objects.bulk_create(
        Conversation(
            connection=connection,
            contact=contact,
            external_thread=f"t{count}-{number}",
            thread_index=f"{count:016x}{number:016x}",
            last_message_at=now,
        )
        for number, contact in enumerate(contacts)
    )
    Label.objects.create(name=f"L{count}").conversations.add(*talks)


@pytest.mark.parametrize("query", ["?tab=all", "?tab=unassigned", "?q=eva", "?view=1"])
def test_the_inbox_costs_the_same_for_3_and_for_300(sign_in, people, query):
    browser, connection = sign_in("agent"), make_connection()
    view = keep_view(user=people["agent"], name="Open")
    address = f"{reverse('channels_app:inbox')}{query.replace('=1', f'={view.pk}')}"
    more_talks(3, connection)
    read_all_words()
    with_few = queries(browser, address)
    more_talks(297, connection)
    read_all_words()

    assert queries(browser, address) == with_few
    assert with_few <= 20


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


def test_what_a_page_shows_in_three_places_is_asked_once(sign_in, few):
    browser, url = sign_in("admin"), reverse("workspace:dashboard")
    browser.get(url)
    with CaptureQueriesContext(connection) as captured:
        browser.get(url)

    asked = [query["sql"] for query in captured]
    assert len(asked) == len(set(asked))
