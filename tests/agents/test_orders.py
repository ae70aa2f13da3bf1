"""A thousand random orders of what people, networks and the AI do, each played to its end.

An *interleaving* is one random sequence of deeds in one conversation: the contact is heard, which
makes a run of the AI; and at random moments before, within and after that run (before each of its
stages, the sending included) the contact writes again, a colleague types, answers, takes over, is
assigned or hands back, or the network shows what was answered from the phone. The run is the real
one, on the real database, every deed with its own commit. After each of them the same is asked:
has the AI said something although a person led, or over a word that came after it had looked?

Threads that really run at once are in ``test_interleavings``; here every order is chosen, so that
each moment is hit, and a failure names the seed that brings it back.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import pytest
from django.db import connection as database

from agents import services as agents
from agents.models import Run
from agents.services import ending, thinking
from channels_app import services as channels
from channels_app import wire
from channels_app.models import ChannelConnection, Conversation
from channels_app.outbox import post_message
from tenants.accounts.models import User
from tenants.workspace.models import Profile
from tests.committed import committed
from tests.factories import make_user

TOTAL = 1_000
TALKS = 50
# Small talk is answered at once; what nothing is known of is handed over with a sentence.
WORDS = ("Hello!", "Thank you!", "Good morning", "Hi there", "How much is the Nova?")
# What a run does, one after the other; before each of them the world may have gone on.
ENDS = ("send", "hold", "hand_over", "refuse", "end", "supersede")
STAGES = ("understand", "decide", "retrieve", "draft_reply", "rule_on", *ENDS)
MOMENTS = 6
BEFORE, WITHIN, AFTER = "before", "within", "after"
WHEN = (BEFORE, WITHIN, WITHIN, WITHIN, AFTER)
HUMAN = {"reply", "type", "take over", "assign", "echo"}
NEWER = {"hear"}
OTHERS = ("hear", "hand back", *sorted(HUMAN))


@dataclass
class Order:
    """What is done in one interleaving, and what was seen of it."""

    seed: int
    happened: list[str] = field(default_factory=list)  # deeds and the AI's own, as they came

    @property
    def since_the_look(self) -> list[str]:
        return self.happened[self.happened.index("look") + 1 :] if "look" in self.happened else []

    def __str__(self) -> str:
        return f"seed {self.seed}: {' '.join(self.happened)}"


class Play:
    """A few conversations over one channel, and whoever has a hand in them."""

    def __init__(self, connection: ChannelConnection, user: User) -> None:
        self.connection, self.user = connection, user
        self.ids = count(1)
        self.counts: Counter[str] = Counter()
        self.order = Order(0)
        self.leads: dict[int, str] = {}  # by what was done to it, not by what its row says
        self.who = 0
        self.dice = random.Random()  # noqa: S311
        self.waiting: list[tuple[int, str]] = []  # deeds for the moments within the run
        self.moment = 0
        self.spoken: dict[int, int] = {}  # conversation -> how often the AI has spoken there
        self.deeds: dict[str, Callable[[], object]] = {
            "hear": self.heard,
            "echo": self.echoed,
            "reply": self.by_colleague(post_message, text="Me", author="human"),
            "type": self.by_colleague(channels.begin_writing),
            "take over": self.by_colleague(channels.take_over),
            "assign": self.by_colleague(channels.assign, assignee=self.user),
            "hand back": self.by_colleague(channels.hand_back),
        }

    # -- what may happen

    def told(self, **event) -> None:
        body = wire.dumps({**event, "id": f"n{next(self.ids)}"})
        items = self.connection.provider().split(body)
        for event_id in channels.store(connection_id=self.connection.pk, items=items):
            channels.ingest(event_id=event_id)

    def heard(self) -> None:
        words = self.dice.choice(WORDS)
        self.told(type="message", text=words, **{"from": {"id": f"u{self.who}"}})

    def echoed(self) -> None:
        self.told(type="echo", text="From the phone", to={"id": f"u{self.who}"})

    def by_colleague(self, deed: Callable[..., object], **more) -> Callable[[], object]:
        return lambda: deed(
            conversation=Conversation.objects.get(pk=self.talks[self.who]), user=self.user, **more
        )

    def do(self, deed: str) -> None:
        self.deeds[deed]()
        self.order.happened.append(deed)
        if deed in HUMAN:
            self.leads[self.who] = "human"
        elif deed == "hand back":
            self.leads[self.who] = "ai"

    def begin(self) -> None:
        """Everybody says hello, so that there is a thread of each."""
        for self.who in range(TALKS):
            self.heard()
        found = Conversation.objects.filter(connection=self.connection)
        self.talks = {int(each.external_thread[1:]): each.pk for each in found}
        self.leads = dict.fromkeys(self.talks, "ai")
        self.spoken = dict.fromkeys(self.talks, 0)

    def play_all(self) -> None:
        for seed in range(TOTAL):
            self.play(seed)

    # -- one interleaving

    def play(self, seed: int) -> None:
        dice = self.dice = random.Random(seed)  # noqa: S311
        self.order, self.who = Order(seed), seed % TALKS
        if self.leads[self.who] == "human" and dice.random() < 0.9:
            self.do("hand back")
        self.do("hear")
        plan = [(dice.choice(WHEN), dice.choice(OTHERS)) for _ in range(dice.choice((0, 1, 1, 2)))]
        self.moment = 0
        self.waiting = [(dice.randrange(MOMENTS), deed) for when, deed in plan if when == WITHIN]
        self.do_all(plan, BEFORE)
        self.think()
        self.do_all(plan, AFTER)
        self.counts["interleavings"] += 1

    def do_all(self, plan: list[tuple[str, str]], when: str) -> None:
        for moment, deed in plan:
            if moment == when:
                self.do(deed)

    def think(self) -> None:
        open_runs = Run.objects.open().filter(conversation=self.talks[self.who]).order_by("-pk")
        run = open_runs.values_list("pk", flat=True).first()
        if run is None:  # a person leads, or has answered before they gave it back
            done = {"reply", "echo"} & set(self.order.happened)
            assert self.leads[self.who] == "human" or done, f"nobody thinks ({self.order})"
            self.counts["no run"] += 1
            return
        agents.think(run_id=run)
        self.judge(*found_of(run))

    def meanwhile(self, *, is_last: bool) -> None:
        """Before a stage of a run; before the last one also what was meant for stages that it
        did not have."""
        if self.moment == 0:
            self.order.happened.append("look")
        due = [
            deed
            for moment, deed in self.waiting
            if moment == self.moment or (is_last and moment > self.moment)
        ]
        self.moment = MOMENTS if is_last else self.moment + 1
        for deed in due:
            self.do(deed)

    # -- what must hold

    def judge(self, leader: str, spoken: int, status: str, outcome: str, reason: str) -> None:
        since = self.order.since_the_look
        disturbed = bool(set(since) & (HUMAN | NEWER))
        led_by = self.leads[self.who]
        news, self.spoken[self.who] = spoken - self.spoken[self.who], spoken
        if news:
            assert led_by == "ai", f"the AI spoke under a person's control ({self.order})"
            assert not disturbed, f"the AI spoke over something newer ({self.order})"
            assert news == 1, f"the AI spoke twice ({self.order})"
            self.counts["spoke"] += 1
        elif led_by == "ai" and not since:
            assert status == "done", (
                f"nobody came in between, and nothing came of it ({self.order})"
            )
        if outcome == Run.Outcome.HANDED_OVER:
            self.leads[self.who] = "human"
        assert leader == self.leads[self.who], f"who leads is not who took it ({self.order})"
        self.counts[reason if status == "superseded" else outcome] += 1


def found_of(run: int) -> list:
    """Who leads the run's conversation, how often the AI has spoken in it, what came of the run."""
    with database.cursor() as cursor:
        cursor.execute(FOUND, [run])
        return list(cursor.fetchone())


FOUND = """
SELECT c.controller, (
    SELECT COUNT(*) FROM channels_app_message m WHERE m.conversation_id = c.id AND m.author = 'ai'
), r.status, r.outcome, r.outcome_reason
FROM agents_run r JOIN channels_app_conversation c ON c.id = r.conversation_id WHERE r.id = %s
"""


@pytest.fixture
def play(django_db_setup, django_db_blocker, monkeypatch):
    with django_db_blocker.unblock(), committed():
        profile = Profile.current()
        profile.quiet_seconds = 0
        profile.confidence_gate = 0.1
        profile.save()
        config = channels.fresh_config(
            platform="custom", given={"token": "https://erp.example/hook"}
        )
        made = channels.connect(platform="custom", account_id="play", config=config, vouched=True)
        play = Play(made, make_user(role="agent"))
        for name in STAGES:
            monkeypatch.setattr(thinking, name, interrupted(getattr(thinking, name), play))
        play.begin()
        yield play


def interrupted(stage, play):
    """The stage itself, and before it whatever the world does meanwhile."""
    is_last = stage.__name__ in ENDS

    def run(*args, **kwargs):
        play.meanwhile(is_last=is_last)
        return stage(*args, **kwargs)

    return run


def test_a_thousand_orders(play):
    play.play_all()

    counts = play.counts
    assert counts["interleavings"] == TOTAL
    # Else the walk has hardly been where it matters.
    assert counts["spoke"] > 200, counts
    assert counts[Run.Outcome.HANDED_OVER] > 50, counts
    assert counts["conversation_moved_on"] > 200, counts  # stopped at the fence
    assert counts["human_in_charge"] > 50, counts  # not begun at all


def test_an_ai_that_does_not_look_is_caught(play, monkeypatch):
    """The same orders and the same judgement, and a fence that lets everything through."""
    monkeypatch.setattr(ending, "_post", without_fence)
    with pytest.raises(AssertionError, match=r"the AI spoke (over|under)"):
        play.play_all()


def without_fence(thought, text):
    post_message(conversation=thought.conversation, text=text, author="ai", run_id=thought.run.pk)
