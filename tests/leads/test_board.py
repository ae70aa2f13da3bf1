"""The board and the list: columns, filters, moving cards, kept views, own stages."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels_app.models import ContactIdentity, id_index
from crm.services.cards import card_of
from leads.models import Contribution, Lead, SavedView, Stage
from leads.pipeline import counts_as, next_key
from leads.services import (
    Column,
    add_task,
    arrange_stages,
    assign_owner,
    change_tags,
    columns,
    make_tag,
    set_stage,
)
from leads.services.board import CARDS, filters_of, matching, piles
from tenants import context
from tests.factories import make_contact, make_lead

pytestmark = pytest.mark.usefixtures("memories_last")

BOARD = "leads:pipeline"


def make_scored(score, **kwargs):
    lead = make_lead(score=score, **kwargs)
    Contribution.objects.create(lead=lead, rule="intent", points=score)
    return lead


def page(browser, url, query=""):
    return browser.get(f"{reverse(url)}?{query}").content.decode()


def board(**query):
    return {pile.stage.key: pile for pile in piles(filters_of(query), user_id=0)}


def test_each_stage_is_a_column_with_its_counts_and_the_hottest_first(north):
    cold, hot = make_scored(10), make_scored(90, tier="hot")
    make_scored(50, stage="won")
    shown = board()
    assert list(shown) == list(Lead.Stage.values)
    assert shown["new"].leads == [hot, cold]
    assert (shown["new"].count, shown["new"].hot, shown["new"].average) == (2, 1, 50)
    assert (shown["won"].count, shown["lost"].count) == (1, 0)


def test_a_long_column_is_paged_and_nobody_is_left_out(sign_in):
    made = [make_scored(n % 7) for n in range(CARDS + 3)]
    first = board()["new"]
    assert (len(first.leads), first.count) == (CARDS, CARDS + 3)
    answer = sign_in("viewer").get(reverse("leads:cards", args=["new"]), {"after": first.next})
    rest = answer.content.decode()
    left = {lead.pk for lead in made} - {lead.pk for lead in first.leads}
    assert [f'data-lead="{pk}"' in rest for pk in left] == [True] * 3
    assert "pile__more" not in rest
    assert sign_in("viewer").get(reverse("leads:cards", args=["none"])).status_code == 404


def test_a_board_costs_the_same_for_one_lead_and_for_many(sign_in, people):
    browser = sign_in("agent")

    def furnish(number):
        for n in range(number):
            lead = make_scored(n, stage=Lead.Stage.values[n % 6], owner=people["agent"])
            lead.tags.add(make_tag(name=f"T{n % 3}", actor="user:1"))
            add_task(lead=lead, title="Call", actor="user:1")

    def cost():
        with CaptureQueriesContext(connection) as captured:
            page(browser, BOARD)
        return len(captured)

    furnish(6)
    cost()
    few = cost()
    furnish(30)
    assert cost() == few <= 25


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"tier": "hot"}, {"ada"}),
        ({"tier": "boiling"}, {"ada", "bob"}),
        ({"stage": "qualified"}, {"bob"}),
        ({"stage": "nowhere", "owner": "x", "tag": "y"}, {"ada", "bob"}),
        ({"owner": "none"}, {"bob"}),
        ({"owner": "me"}, {"ada"}),
        ({"channel": "telegram"}, {"bob"}),
        ({"q": "ada@acme.example"}, {"ada"}),
        ({"q": "+34 600 11"}, {"bob"}),
        ({"q": "ada"}, set()),
    ],
)
def test_filters(north, people, query, found):
    me = people["agent"]
    ada = make_lead(
        contact=make_contact(name="Ada", email="ada@acme.example"), tier="hot", owner=me
    )
    bob = make_lead(contact=make_contact(name="Bob", phone="+3460011"), stage="qualified")
    ContactIdentity.objects.create(
        contact=bob.contact,
        platform="telegram",
        account_id="1",
        external_id="b",
        external_id_index=id_index("b"),
    )
    names = {ada.pk: "ada", bob.pk: "bob"}
    rows = matching(filters_of(query), user_id=me.pk)
    assert {names[lead.pk] for lead in rows} == found


def test_a_tag_and_our_own_number_are_filters_too(north):
    lead, _other = make_lead(), make_lead()
    tag = make_tag(name="VIP", actor="user:1")
    change_tags(lead=lead, add=[tag], actor="user:1")
    for query in ({"tag": str(tag.pk)}, {"q": f"#{lead.pk}"}):
        assert list(matching(filters_of(query), user_id=0)) == [lead]


def test_a_card_is_moved_by_its_form_and_comes_back_to_the_board(sign_in):
    lead = make_lead()
    back = f"{reverse(BOARD)}?tier=cold"
    url = reverse("leads:stage", args=[lead.pk])
    answer = sign_in("agent").post(url, {"stage": "proposal", "next": back})
    assert answer.url == back
    lead.refresh_from_db()
    assert lead.stage == "proposal"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_nobody_is_sent_elsewhere(sign_in, elsewhere):
    lead = make_lead()
    url = reverse("leads:stage", args=[lead.pk])
    answer = sign_in("agent").post(url, {"stage": "won", "next": elsewhere})
    assert answer.url == reverse("leads:lead", args=[lead.pk])


def test_a_dragged_card_is_answered_in_json(sign_in):
    lead = make_lead()
    url, json = reverse("leads:stage", args=[lead.pk]), {"Accept": "application/json"}
    agent = sign_in("agent")
    assert agent.post(url, {"stage": "won"}, headers=json).json()["stage"] == "won"
    assert agent.post(url, {"stage": "sold"}, headers=json).status_code == 422
    assert sign_in("viewer").post(url, {"stage": "new"}, headers=json).status_code == 403
    lead.refresh_from_db()
    assert lead.stage == "won"


def test_a_viewer_sees_the_board_and_moves_nothing(sign_in):
    make_lead()
    shown = page(sign_in("viewer"), BOARD)
    assert "lead-card" in shown
    assert 'draggable="true"' not in shown
    assert "data-moves" not in shown


def test_a_view_is_kept_for_one_person_alone(sign_in, people):
    agent = sign_in("agent")
    kept = {"name": "Hot ones", "tier": "hot", "q": "ada@acme.example"}
    agent.post(reverse("leads:save_view"), kept)
    agent.post(reverse("leads:save_view"), {**kept, "q": ""})
    view = SavedView.objects.get()
    assert (view.user, view.query) == (people["agent"], "tier=hot")
    assert 'href="?tier=hot" dir="auto"' in page(agent, BOARD)
    admin = sign_in("admin")
    assert "Hot ones" not in page(admin, BOARD)
    admin.post(reverse("leads:remove_view", args=[view.pk]))
    assert SavedView.objects.exists()
    sign_in("agent").post(reverse("leads:remove_view", args=[view.pk]))
    assert not SavedView.objects.exists()


class TestStages:
    def test_a_company_names_orders_hides_and_adds(self, north):
        mine = [Column("new", "Fresh"), Column("proposal"), Column("qualified", "", False)]
        rest = [Column("contacted"), Column("won", "Signed"), Column("lost")]
        arrange_stages(columns=[*mine, *rest], added=[("Demo", "qualified")], actor="user:1")
        assert [(each.key, each.name) for each in columns() if each.is_shown] == [
            ("new", "Fresh"),
            ("proposal", "Proposal"),
            ("contacted", "Contacted"),
            ("won", "Signed"),
            ("lost", "Lost"),
            ("qualified-2", "Demo"),
        ]

    def test_figures_and_crms_take_an_own_stage_for_what_it_counts_as(self, north):
        arrange_stages(columns=columns(), added=[("Paid", "won")], actor="user:1")
        lead = set_stage(lead=make_lead(tier="hot"), stage="won-2", actor="user:1")
        assert not lead.is_hot
        assert not Lead.objects.open().filter(pk=lead.pk).exists()
        assert card_of(lead).stage == "won"

    def test_the_other_company_keeps_its_own(self, north, south):
        arrange_stages(columns=columns(), added=[("Demo", "new")], actor="user:1")
        with context.inside(south):
            assert [each.key for each in columns()] == list(Lead.Stage.values)
            with pytest.raises(ValidationError, match="Choose one of"):
                set_stage(lead=make_lead(), stage="new-2", actor="user:1")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"new": Column("new", "", False)}, "it stays"),
            ({"contacted": Column("contacted", "", False)}, "Move them first"),
            ({"contacted": Column("contacted", "WON")}, "same name"),
        ],
    )
    def test_what_cannot_be_is_refused(self, north, change, said):
        make_lead(stage="contacted")
        wanted = [change.get(each.key, each) for each in columns()]
        with pytest.raises(ValidationError, match=said):
            arrange_stages(columns=wanted, actor="user:1")
        assert not Stage.objects.exists()

    def test_by_the_page(self, sign_in):
        data = {"form-TOTAL_FORMS": 6, "form-INITIAL_FORMS": 6, "name": "Demo", "base": "proposal"}
        for place, key in enumerate(Lead.Stage.values):
            row = {"key": key, "position": 10 - place, "name": "", "is_shown": "on"}
            data |= {f"form-{place}-{name}": value for name, value in row.items()}
        url = reverse("leads:stages")
        assert sign_in("agent").post(url, data).status_code == 403
        assert sign_in("admin").post(url, data).status_code == 302
        keys = [each.key for each in columns()]
        assert keys == [*reversed(Lead.Stage.values), "proposal-2"]
        assert "Demo" in page(sign_in("viewer"), BOARD)
        gone = sign_in("admin").post(url, {**data, "form-TOTAL_FORMS": 6})
        assert gone.status_code == 422

    def test_keys_are_counted_on(self):
        assert next_key("won", ["won", "won-2", "lost-7"]) == "won-3"
        assert [counts_as(key) for key in ("won", "won-3", "new-12")] == ["won", "won", "new"]


def test_an_owner_on_the_board_costs_no_more(sign_in, people):
    lead = assign_owner(lead=make_lead(), owner=people["agent"], actor="user:1")
    assert str(people["agent"]) in page(sign_in("viewer"), BOARD, f"q=%23{lead.pk}")
