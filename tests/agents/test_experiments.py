"""Two versions side by side: who gets which, what came of it, and when it is too early to tell."""

import random
from decimal import Decimal

import pytest
from django.utils import timezone

from agents.assignment import is_on_variant
from agents.models import AgentVersion, Experiment, Run
from agents.services.experiments import (
    change_share,
    figures_of,
    guard_experiment,
    promote_variant,
    start_experiment,
    stop_experiment,
)
from agents.services.steering import guide_for
from agents.services.versions import VersionRefused, live_version, publish, roll_back, start_draft
from agents.significance import Share, compare, sample_needed
from tenants.workspace.models import Profile
from tests.factories import make_connection, make_conversation, make_lead

WHY = "Planted for the test."


@pytest.fixture
def variant(north) -> AgentVersion:
    draft = start_draft(actor="user:1")
    return publish(version=draft, actor="user:1", override=WHY, live=False)


@pytest.fixture
def experiment(variant) -> Experiment:
    return start_experiment(variant=variant, share=50, actor="user:1")


@pytest.fixture
def contacts(north):
    """``contacts(number, count, outcome)``: so many contacts answered by a version."""
    connection = make_connection()

    def make(number: int, count: int, outcome: str, experiment=None, **kwargs) -> list[Run]:
        running = experiment or Experiment.objects.get(status="running")
        return [
            Run.objects.create(
                **{
                    "conversation": make_conversation(connection=connection),
                    "turn_version": 1,
                    "status": Run.Status.DONE,
                    "outcome": outcome,
                    "due_at": timezone.now(),
                    "finished_at": timezone.now(),
                    "agent_version": number,
                    "experiment": running.pk,
                    "cost": "0.001",
                    **kwargs,
                }
            )
            for _ in range(count)
        ]

    return make


class TestAssignment:
    def test_shares_are_kept_and_contacts_stay(self):
        sides = [is_on_variant(experiment=7, contact=n, share=20) for n in range(5_000)]
        assert sides == [is_on_variant(experiment=7, contact=n, share=20) for n in range(5_000)]
        assert 0.18 < sum(sides) / 5_000 < 0.22

    def test_a_growing_share_takes_nobody_back(self):
        for n in range(500):
            if is_on_variant(experiment=3, contact=n, share=20):
                assert is_on_variant(experiment=3, contact=n, share=60)

    def test_each_experiment_deals_anew(self):
        first, second = (
            {n for n in range(2_000) if is_on_variant(experiment=e, contact=n, share=50)}
            for e in (1, 2)
        )
        assert 400 < len(first & second) < 600

    def test_a_run_goes_by_its_side_and_says_so(self, experiment):
        guides = {n: guide_for(Profile.current(), contact_id=n) for n in range(200)}
        for n, guide in guides.items():
            on_variant = is_on_variant(experiment=experiment.pk, contact=n, share=50)
            assert guide.number == (experiment.variant if on_variant else 0)
            assert guide.experiment == experiment.pk
        assert guide_for(Profile.current()).experiment is None


class TestSignificance:
    def test_known_figures(self):
        # Pooled z-test by hand: 200/1000 against 250/1000 is z = 2.677.
        told = compare(Share(200, 1_000), Share(250, 1_000))
        assert told.p == pytest.approx(0.0074, abs=0.0002)
        assert told.verdict == "higher"
        assert told.low < 0.05 < told.high

    @pytest.mark.parametrize(
        ("first", "second"),
        [(Share(0, 0), Share(0, 0)), (Share(1, 5), Share(4, 5)), (Share(10, 40), Share(15, 40))],
    )
    def test_too_early_is_said(self, first, second):
        assert compare(first, second).verdict == "too_early"

    def test_the_same_is_said_when_the_sample_was_there(self):
        needed = sample_needed(0.3)
        same = Share(round(needed * 0.3), needed)
        assert compare(same, same).verdict == "same"

    def test_none_against_all_is_clear_early(self):
        assert compare(Share(0, 25), Share(25, 25)).verdict == "higher"

    def test_looking_often_is_seldom_fooled(self):
        """Two equal versions, looked at after every ten contacts, for 400 contacts each."""
        dice = random.Random(4)  # noqa: S311 (a simulation)
        fooled = 0
        for _ in range(200):
            a = b = 0
            for n in range(1, 401):
                a += dice.random() < 0.3
                b += dice.random() < 0.3
                if n % 10 == 0 and compare(Share(a, n), Share(b, n)).is_clear:
                    fooled += 1
                    break
        assert fooled / 200 < 0.15  # by looking for p < 0.05 each time it would be about a third


class TestEnding:
    def test_figures_are_of_contacts(self, experiment, contacts):
        answered = contacts(0, 3, "sent")
        contacts(0, 1, "handed_over", conversation=answered[0].conversation)
        contacts(experiment.variant, 2, "handed_over", outcome_reason="unsafe_reply")
        contacts(experiment.variant, 1, "silent")
        make_lead(contact=answered[1].conversation.contact, tier="hot")

        told = figures_of(experiment)
        control, variant = told.control, told.variant
        assert (control.contacts, control.runs, control.answered) == (3, 4, 2)
        assert (control.handed_over, control.hot) == (1, 1)
        assert (variant.contacts, variant.handed_over, variant.unsupported) == (2, 2, 2)
        assert (str(control.cost), round(control.cost_each, 6)) == ("0.004000", Decimal("0.001333"))

    def test_a_contact_of_both_sides_counts_for_none(self, experiment, contacts):
        [run] = contacts(0, 1, "sent")
        contacts(experiment.variant, 1, "sent", conversation=run.conversation)
        told = figures_of(experiment)
        assert (told.control.contacts, told.variant.contacts, told.moved) == (0, 0, 1)

    def test_the_guard_ends_what_does_clear_harm(self, experiment, contacts):
        contacts(0, 30, "sent")
        contacts(experiment.variant, 30, "handed_over")
        assert guard_experiment() == {"experiments": 1}
        experiment.refresh_from_db()
        assert (experiment.status, experiment.reason) == ("guarded", "handed_over")
        assert experiment.outcome["handed_over"]["variant"] == [30, 30]
        assert guide_for(Profile.current(), contact_id=1).experiment is None

    def test_the_guard_leaves_chance_alone(self, experiment, contacts):
        contacts(0, 15, "sent")
        contacts(0, 5, "handed_over")
        contacts(experiment.variant, 12, "sent")
        contacts(experiment.variant, 8, "handed_over")
        assert guard_experiment() == {"experiments": 0}

    def test_the_winner_is_promoted(self, experiment):
        promote_variant(experiment=experiment, actor="user:1", note="fewer hand-overs")
        live = live_version()
        assert live is not None
        assert live.number == experiment.variant
        with pytest.raises(VersionRefused):
            stop_experiment(experiment=experiment, actor="user:1")

    def test_going_back_ends_it(self, experiment):
        roll_back(number=0, actor="user:1")
        experiment.refresh_from_db()
        assert experiment.status == "stopped"

    def test_one_at_a_time_and_nothing_is_published_meanwhile(self, experiment, variant):
        with pytest.raises(VersionRefused, match="running experiment"):
            start_experiment(variant=variant, share=10, actor="user:1")
        with pytest.raises(VersionRefused, match="running experiment"):
            publish(version=start_draft(actor="user:1"), actor="user:1", override=WHY)

    def test_a_draft_is_not_tried_on_customers(self, north):
        with pytest.raises(VersionRefused):
            start_experiment(variant=start_draft(actor="user:1"), share=10, actor="user:1")

    def test_the_share_can_be_moved_while_it_runs(self, experiment):
        change_share(experiment=experiment, share=90, actor="user:1")
        sides = [guide_for(Profile.current(), contact_id=n).number for n in range(300)]
        assert sides.count(experiment.variant) > 240
