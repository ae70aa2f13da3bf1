"""The page and the API by which a company says which models, how, and for how much."""

from decimal import Decimal

import pytest

from agents import gateway
from agents.services.allowances import change_models, tools_for_replies
from tenants.audit.models import AuditEntry
from tenants.services import create_api_key
from tenants.workspace.models import Profile, UsageDay
from tests.agents.test_budget import TODAY

PATH = "/models/"
API = "/api/v1/model-settings/"


@pytest.fixture
def given():
    return {"hides_personal": "on", "remembers_answers": "on"}


def test_an_admin_sets_caps_and_models(sign_in, given):
    UsageDay.objects.create(day=TODAY, kind="cost", amount="1.25")
    browser = sign_in("admin")
    caps = {"daily_soft_cap": "1.00", "daily_hard_cap": "2", "reply": "anthropic/x, openai/y"}

    assert browser.post(PATH, {**given, **caps}).status_code == 302
    ours = Profile.current()
    assert (ours.daily_soft_cap, ours.daily_hard_cap) == (Decimal(1), Decimal(2))
    assert ours.monthly_hard_cap is None
    assert ours.model_routes == {"reply": ["anthropic/x", "openai/y"]}
    assert not ours.thinks_ahead
    page = browser.get(PATH).content.decode()
    assert "$1.2500" in page
    assert "Saving:" in page
    assert AuditEntry.objects.filter(action="profile.changed").exists()


def test_an_admin_ticks_what_the_ai_may_use(sign_in, given):
    browser = sign_in("admin")
    ticked = {**given, "tools": ["hand_over", "search_knowledge"]}

    assert browser.post(PATH, ticked).status_code == 302
    assert Profile.current().tools == ["search_knowledge", "hand_over"]
    page = browser.get(PATH).content.decode()
    assert page.count('name="tools"') == len(tools_for_replies()) >= 3
    assert page.count("checked") >= 2
    assert browser.post(PATH, given).status_code == 302
    assert Profile.current().tools == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"tools": ["find_contact"]},
        {"daily_soft_cap": "3", "daily_hard_cap": "2"},
        {"monthly_hard_cap": "-1"},
        {"reply": "antropic/claude"},
        {"reply": "anthropic/"},
        {"understand": ", ".join(["openai/x"] * 7)},
    ],
)
def test_nonsense_is_said_beside_its_field(sign_in, given, wrong):
    browser = sign_in("admin")

    assert browser.post(PATH, {**given, **wrong}).status_code == 422
    assert Profile.current().model_routes == {}


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_others_read_only(sign_in, given, role):
    browser = sign_in(role)

    assert browser.get(PATH).status_code == 200
    assert browser.post(PATH, given).status_code == 403


class TestApi:
    @pytest.fixture
    def call(self, client, north):
        def call(role="admin", **body):
            _, key = create_api_key(name=role, role=role)
            auth = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
            if body:
                return client.patch(API, body, content_type="application/json", **auth)
            return client.get(API, **auth)

        return call

    def test_reads_and_changes(self, call):
        UsageDay.objects.create(day=TODAY, kind="cost", amount="2.5")
        answer = call(
            daily_hard_cap="2.50", model_routes={"chat": ["openai/y"]}, tools=["hand_over"]
        )

        assert answer.status_code == 200, answer.content
        said = call().json()
        assert said["daily_hard_cap"] == "2.50"
        assert said["model_routes"] == {"chat": ["openai/y"]}
        assert said["tools"] == ["hand_over"]
        assert said["spending"]["today"] == "2.500000"
        assert said["spending"]["standing"] == "offline"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"tools": ["find_contact"]},
            {"tools": ["rm_rf"]},
            {"model_routes": {"reply": ["nobody/x"]}},
            {"model_routes": {"paint": ["openai/x"]}},
            {"daily_soft_cap": "3", "daily_hard_cap": "2"},
        ],
    )
    def test_refuses_nonsense(self, call, wrong):
        assert call(**wrong).status_code == 400
        assert Profile.current().model_routes == {}

    @pytest.mark.parametrize("role", ["agent", "viewer"])
    def test_is_an_admins_to_change(self, call, role):
        assert call(role).status_code == 200
        assert call(role, daily_hard_cap="0").status_code == 403


def test_the_companys_own_chain_is_asked(north, settings):
    settings.ANTHROPIC_API_KEY = settings.OPENAI_API_KEY = "k"
    change_models(actor="user:1", model_routes={"reply": ["openai/y"]}, daily_hard_cap=Decimal(1))
    chain = Profile.current().model_routes["reply"]

    assert gateway.routes_for("reply", chain=chain) == ["openai/y", gateway.OFFLINE]
