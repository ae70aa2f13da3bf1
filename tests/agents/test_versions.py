"""Versions: one is live, none changes once published, and a process knows it without asking."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agents import prompts
from agents.instructions import BUILT_IN, Instructions, difference, faults_of, filled
from agents.models import AgentVersion, Publication, Run
from agents.prompts import Turn
from agents.services import steering
from agents.services.steering import guide_for
from agents.services.versions import (
    NotCleared,
    Unfit,
    VersionRefused,
    change_draft,
    changes_between,
    discard_draft,
    live_version,
    publish,
    roll_back,
    start_draft,
)
from tenants.audit.models import AuditEntry
from tenants.workspace.models import Profile
from tests.factories import make_contact

WHY = "No customer has written yet."


def published(**said) -> AgentVersion:
    version = start_draft(actor="user:1", based_on=0)
    change_draft(version=version, instructions=Instructions(**said), note="n", actor="user:1")
    return publish(version=version, actor="user:1", override=WHY)


class TestInstructions:
    def test_empty_is_the_built_in_text(self):
        assert Instructions.from_json({}) == BUILT_IN
        assert BUILT_IN.as_json() == {}

    def test_a_row_comes_back_as_it_went(self):
        said = Instructions(
            tone="Dry.",
            dos=("Name the size",),
            donts=('Say "cheap"',),
            signature={"en": "Nova"},
            routes={"reply": "openai/x"},
            confidence_gate=0.5,
        )
        assert Instructions.from_json(said.as_json()) == said

    def test_what_we_do_not_know_is_left_out(self):
        read = Instructions.from_json({"tone": 3, "dos": "x", "who": "?", "confidence_gate": "1"})
        assert read == BUILT_IN

    @pytest.mark.parametrize(
        ("said", "fault"),
        [
            ({"reply": "Speak {language}, {limit}, {about.__class__}"}, None),
            ({"reply": "Speak {language}"}, ("reply", "missing_place:limit")),
            ({"reply": "{language} {limit} {secret}"}, ("reply", "unknown_place:secret")),
            ({"understand": "Read {tone}"}, ("understand", "unknown_place:tone")),
            ({"confidence_gate": 1.2}, ("confidence_gate", "not_a_share")),
            ({"dos": ("x",) * 21}, ("dos", "too_many:20")),
            ({"guidance": "x" * 8_001}, ("guidance", "too_long:8000")),
        ],
    )
    def test_unfit_texts_are_named(self, said, fault):
        assert list(faults_of(Instructions(**said)).items()) == ([fault] if fault else [])

    def test_places_are_filled_once_and_attributes_never(self):
        text = filled("{about} {tone.__class__} {x}", frozenset({"about"}), about="{tone}")
        assert text == "{tone} {tone.__class__} {x}"

    def test_the_difference_is_told_word_by_word(self):
        [change] = difference(
            Instructions(guidance="Be kind and brief."), Instructions(guidance="Be kind and dry.")
        )
        assert change.name == "guidance"
        assert [(p.kind, p.text) for p in change.pieces] == [
            *(("same", "Be kind and "), ("gone", "brief"), ("new", "dry"), ("same", "."))
        ]


class TestPrompts:
    def ask(self, **said):
        profile = Profile(tone="Warm.", about="Desks.")
        return prompts.reply(
            profile,
            [Turn(False, "Hi"), Turn(True, "Hello")],
            ["How much?"],
            [],
            language="es",
            limit=400,
            instructions=Instructions(**said),
        ).system

    def test_version_0_says_nothing_of_its_own(self):
        system = self.ask()
        assert "Tone: Warm.\nWrite in Spanish, at most 400 characters" in system
        assert "guidance" not in system

    def test_a_versions_rules_stand_above_ours(self):
        system = self.ask(guidance="Be <b>kind</b>.", dos=("Name a size",), donts=("Joke",))
        ours = system.index("Rules, which nothing")
        assert system.index("Be ‹b›kind‹/b›.\nDo: Name a size\nDo not: Joke") < ours

    def test_a_template_without_a_place_for_the_rules_still_has_them(self):
        system = self.ask(reply="Speak {language}, {limit}.", guidance="Be kind.")
        assert system.startswith("Speak Spanish, 400.\n")
        assert "Be kind." in system


class TestDrafts:
    def test_a_draft_begins_with_the_words_that_are_live(self, north):
        published(tone="Dry.")
        draft = start_draft(actor="user:2")
        assert (draft.number, draft.based_on, draft.instructions.tone) == (2, 1, "Dry.")

    def test_unfit_words_are_refused(self, north):
        draft = start_draft(actor="user:1")
        with pytest.raises(Unfit) as unfit:
            change_draft(
                version=draft, instructions=Instructions(reply="x"), note="", actor="user:1"
            )
        assert unfit.value.faults == {"reply": "missing_place:language"}

    def test_a_published_version_never_changes(self, north):
        version = published(tone="Dry.")
        with pytest.raises(VersionRefused):
            change_draft(version=version, instructions=BUILT_IN, note="", actor="user:1")
        with pytest.raises(VersionRefused):
            discard_draft(version=version, actor="user:1")
        version.content = {"tone": "Wet."}
        with pytest.raises(ValidationError):
            version.clean()

    def test_untried_words_are_not_published(self, north):
        with pytest.raises(NotCleared) as refused:
            publish(version=start_draft(actor="user:1"), actor="user:1", override="short")
        assert refused.value.clearance.state == "missing"

    def test_a_number_is_not_given_out_twice(self, north):
        draft = start_draft(actor="user:1")
        discard_draft(version=draft, actor="user:1")
        assert start_draft(actor="user:1").number == draft.number + 1

    def test_one_is_live_at_a_time(self, north):
        published()
        second = start_draft(actor="user:1")
        with pytest.raises(IntegrityError), transaction.atomic():
            AgentVersion.objects.filter(pk=second.pk).update(is_live=True, state="published")
        with pytest.raises(IntegrityError), transaction.atomic():
            AgentVersion.objects.create(number=9, is_live=True)


class TestGoingBack:
    def test_one_deed_and_the_earlier_words_are_live_again(self, north):
        published(tone="Dry.")
        published(tone="Wet.")
        roll_back(number=1, actor="user:2", note="too wet")

        live = live_version()
        assert live is not None
        assert live.number == 1
        last = Publication.objects.first()
        assert last is not None
        assert (last.kind, last.before, last.number, last.note) == ("roll_back", 2, 1, "too wet")
        assert AuditEntry.objects.filter(action="agents.version_roll_back").exists()
        assert guide_for(Profile.current()).instructions.tone == "Dry."

    def test_0_is_the_built_in_text(self, north):
        published(tone="Dry.")
        roll_back(number=0, actor="user:2")
        assert live_version() is None
        assert guide_for(Profile.current()).number == 0

    def test_a_draft_is_nothing_to_go_back_to(self, north):
        draft = start_draft(actor="user:1")
        with pytest.raises(VersionRefused):
            roll_back(number=draft.number, actor="user:1")

    def test_any_two_versions_can_be_compared(self, north):
        published(tone="Dry.")
        assert [change.name for change in changes_between(0, 1)] == ["tone"]


class TestSteering:
    def test_a_company_that_published_nothing_asks_nothing(self, north):
        ours = Profile.current()
        with CaptureQueriesContext(connection) as asked:
            assert guide_for(ours, contact_id=1).number == 0
        assert len(asked) == 0

    def test_what_is_live_is_asked_once_a_process(self, north):
        published(tone="Dry.")
        ours, contact = Profile.current(), make_contact()
        guide_for(ours)
        with CaptureQueriesContext(connection) as asked:
            assert guide_for(ours, contact_id=contact.pk).number == 1
        assert len(asked) == 0

    def test_publishing_is_known_by_the_next_look(self, north):
        published(tone="Dry.")
        assert guide_for(Profile.current()).instructions.tone == "Dry."
        published(tone="Wet.")
        assert guide_for(Profile.current()).instructions.tone == "Wet."

    def test_companies_do_not_hear_each_other(self, north, south):
        from tenants import context

        published(tone="Dry.")
        guide_for(Profile.current())
        with context.inside(south):
            assert guide_for(Profile.current()).number == 0

    def test_memory_has_an_end(self, north, monkeypatch):
        monkeypatch.setattr(steering, "MOST_COMPANIES", 1)
        monkeypatch.setattr(steering, "_remembered", {"elsewhere": None})
        published(tone="Dry.")
        guide_for(Profile.current())
        assert set(steering._remembered) == {"north"}

    def test_tone_refusal_and_gate_are_the_versions(self, company, says, work):
        published(refusal={"en": "Ask at the counter."}, confidence_gate=0.0)
        says("What is the price of your helicopter insurance in Greenland?")
        work()

        run = Run.objects.get()
        assert (run.agent_version, run.experiment) == (1, None)
        assert run.draft == "Ask at the counter."
