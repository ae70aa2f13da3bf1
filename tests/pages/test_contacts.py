"""Contacts as people use them: found, compared, merged, and parted again."""

import pytest
from django.urls import reverse

from channels_app import services
from channels_app.models import Contact, ContactIdentity, ContactMerge, MergeSuggestion
from tenants import context
from tests.factories import make_contact
from tests.pages.scene import make_talk


@pytest.fixture
def pair(north):
    """Ada by two networks, both of which vouch for her number."""
    one, other = (make_talk(number).contact for number in (1, 2))
    for contact in (one, other):
        Contact.objects.filter(pk=contact.pk).update(phone="+34600000001")
    ContactIdentity.objects.update(proven_phone="k" * 32)
    services.compare_new_identities()
    return one, other


def test_the_list_shows_everybody_once(sign_in, pair):
    page = sign_in("viewer").get(reverse("channels_app:contacts")).content.decode()
    assert "Ada Byron 1" in page
    assert "Ada Byron 2" in page
    assert "Compare and merge" not in page  # a viewer looks on

    services.merge(survivor=pair[0], absorbed=pair[1], actor="user:1")
    page = sign_in("viewer").get(reverse("channels_app:contacts")).content.decode()
    assert "Ada Byron 2" not in page


@pytest.mark.parametrize("typed", ["ada2@example.com", "+34600000002", "ada-2", "#{pk}"])
def test_a_whole_address_finds_its_contact(sign_in, north, typed):
    for number in (1, 2):
        contact = make_talk(number).contact
    typed = typed.format(pk=contact.pk)

    page = sign_in("viewer").get(reverse("channels_app:contacts"), {"q": typed}).content.decode()

    assert "Ada Byron 2" in page
    assert "Ada Byron 1" not in page


def test_pages_follow_each_other_without_a_gap(sign_in, north):
    for _ in range(35):
        make_contact()
    first = sign_in("viewer").get(reverse("channels_app:contacts"))
    after = first.context["next"]
    second = sign_in("viewer").get(reverse("channels_app:contacts"), {"after": after})
    seen = [each.pk for page in (first, second) for each in page.context["contacts"]]
    assert len(seen) == len(set(seen)) == 35


def test_a_suggestion_stands_beside_the_conversation_with_its_evidence(sign_in, pair):
    conversation = pair[1].conversations.get()
    page = sign_in("agent").get(reverse("channels_app:conversation", args=[conversation.pk]))
    assert "Probably one person" in page.content.decode()
    assert "+34600000001" in page.content.decode()


def test_two_are_compared_merged_and_parted(sign_in, pair, people):
    one, other = pair
    page = sign_in("agent")
    url = reverse("channels_app:compare", args=[one.pk, other.pk])
    assert "Becomes part of it" in page.get(url).content.decode()

    page.post(url)
    merge = ContactMerge.objects.get()
    assert merge.actor.startswith("user:")
    gone = page.get(reverse("channels_app:contact", args=[other.pk]))
    assert gone.url == reverse("channels_app:contact", args=[one.pk])

    who = page.get(reverse("channels_app:contact", args=[one.pk])).content.decode()
    assert str(people["agent"]) in who
    assert merge.actor not in who

    undo = reverse("channels_app:part", args=[merge.pk])
    assert "Make them two again" in page.get(undo).content.decode()
    page.post(undo)
    other.refresh_from_db()
    assert other.absorbed_into is None
    page.post(undo)  # twice is once, and said so
    assert "undone already" in page.get(undo).content.decode()


def test_two_people_are_not_asked_about_again(sign_in, pair):
    suggestion = MergeSuggestion.objects.get()
    sign_in("agent").post(reverse("channels_app:dismiss", args=[suggestion.pk]))
    suggestion.refresh_from_db()
    assert suggestion.state == "dismissed"
    page = sign_in("agent").get(reverse("channels_app:contacts")).content.decode()
    assert "Probably one person" not in page


def test_a_viewer_changes_nothing(sign_in, pair):
    one, other = pair
    page = sign_in("viewer")
    merge = services.merge(survivor=one, absorbed=other, actor="user:1")
    for address in (
        reverse("channels_app:compare", args=[one.pk, other.pk]),
        reverse("channels_app:part", args=[merge.pk]),
        reverse("channels_app:dismiss", args=[MergeSuggestion.objects.get().pk]),
    ):
        assert page.post(address).status_code == 403
    assert ContactMerge.objects.get().undone_at is None


def test_the_others_contacts_are_nobodys(sign_in, pair, south):
    with context.inside(south):
        theirs = make_contact(pk=900_010)
    page = sign_in("admin")
    for address in (
        reverse("channels_app:contact", args=[theirs.pk]),
        reverse("channels_app:compare", args=[pair[0].pk, theirs.pk]),
    ):
        assert page.get(address).status_code == 404


class TestApi:
    def test_a_suggestion_is_accepted_and_taken_back(self, sign_in, pair):
        one, other = pair
        api = sign_in("agent")
        [found] = api.get("/api/v1/merge-suggestions/?state=open").json()["results"]
        assert found["evidence"][0]["grade"] == "proven"

        made = api.post(f"/api/v1/merge-suggestions/{found['id']}/accept/")
        assert made.status_code == 201
        listed = api.get("/api/v1/contacts/").json()["results"]
        assert [row["id"] for row in listed] == [one.pk]
        assert api.get(f"/api/v1/contacts/{other.pk}/").json()["absorbed_into"] == one.pk

        undone = api.post(f"/api/v1/contact-merges/{made.json()['id']}/undo/")
        assert undone.json()["undone_by"]
        again = api.post(f"/api/v1/contact-merges/{made.json()['id']}/undo/")
        assert (again.status_code, again.json()["code"]) == (409, "undone")

    def test_two_chosen_contacts_are_merged_without_a_suggestion(self, sign_in, pair):
        stranger = make_contact()
        api = sign_in("agent")
        url = f"/api/v1/contacts/{pair[0].pk}/merge/"
        body = {"absorbed": stranger.pk}
        assert api.post(url, body, content_type="application/json").status_code == 201
        assert api.post(url, body, content_type="application/json").status_code == 400
        same = {"absorbed": pair[0].pk}
        refused = api.post(url, same, content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (409, "same")

    def test_dismissing_is_final(self, sign_in, pair):
        found = MergeSuggestion.objects.get()
        answer = sign_in("agent").post(f"/api/v1/merge-suggestions/{found.pk}/dismiss/")
        assert answer.json()["state"] == "dismissed"
