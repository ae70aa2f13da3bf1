"""The AI never talks over a person or past a newer word: people, networks and runs at once.

Real threads on the real database. PostgreSQL itself keeps the record that is judged: a trigger
writes down each turn and each message in the order in which they took the conversation's lock.
"""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, takewhile

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from agents import services as agents
from agents.models import ReplyDraft, Run
from agents.services import drafts
from agents.services.autonomy import change_policy
from channels_app import services as channels
from channels_app import wire
from channels_app.models import ChannelConnection, Conversation, Message
from channels_app.outbox import post_message
from tenants.accounts.models import User
from tenants.workspace.models import Profile
from tests.committed import Threads, committed
from tests.factories import make_user

TALKS = 12
BREATH = 0.06  # seconds at most between two deeds: a thought takes as long
PEOPLE_DEEDS, NETWORK_DEEDS = 130, 120  # of each thread; two of either: five hundred deeds
THINKERS = 2
# Small talk is answered at once; what nothing is known of is handed over with a sentence.
WORDS = ("Hello!", "Thank you!", "Good morning", "How much is the Nova?", "Hi there")

RECORD = """
CREATE TABLE north.said (
    at bigserial, conversation bigint, turn int, controller text, author text, run bigint
);
CREATE FUNCTION north.note_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO north.said (conversation, turn, controller)
    VALUES (NEW.id, NEW.turn_version, NEW.controller);
    RETURN NEW;
END $$;
CREATE FUNCTION north.note_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO north.said (conversation, author, run)
    VALUES (NEW.conversation_id, NEW.author, NEW.run_id);
    RETURN NEW;
END $$;
CREATE TRIGGER note_turn AFTER INSERT OR UPDATE OF turn_version, controller
    ON north.channels_app_conversation FOR EACH ROW EXECUTE FUNCTION north.note_turn();
CREATE TRIGGER note_message AFTER INSERT ON north.channels_app_message
    FOR EACH ROW WHEN (NEW.direction <> 'note') EXECUTE FUNCTION north.note_message();
"""
FORGET = """
DROP TRIGGER note_turn ON north.channels_app_conversation;
DROP TRIGGER note_message ON north.channels_app_message;
DROP FUNCTION north.note_turn();
DROP FUNCTION north.note_message();
DROP TABLE north.said;
"""


def statement(sql: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(sql)


@dataclass
class World:
    """Some conversations over one channel, and everybody who has a hand in them."""

    connection: ChannelConnection
    user: User
    ids: Iterator[int]

    def told(self, **event) -> None:
        """A webhook's item, taken in; the bell opens a run."""
        body = wire.dumps({**event, "id": f"n{next(self.ids)}"})
        items = self.connection.provider().split(body)
        for event_id in channels.store(connection_id=self.connection.pk, items=items):
            channels.ingest(event_id=event_id)

    def heard(self, who: int, dice: random.Random) -> None:
        self.told(type="message", text=dice.choice(WORDS), **{"from": {"id": f"u{who}"}})

    def echoed(self, who: int, dice: random.Random) -> None:
        self.told(type="echo", text="From the phone", to={"id": f"u{who}"})

    def talk(self, who: int) -> Conversation:
        [found] = [
            each
            for each in Conversation.objects.filter(connection=self.connection)
            if each.external_thread == f"u{who}"
        ]
        return found

    def replied(self, talk: Conversation) -> None:
        post_message(conversation=talk, text="Me", author="human", user=self.user)

    def typed(self, talk: Conversation) -> None:
        channels.begin_writing(conversation=talk, user=self.user)

    def taken_over(self, talk: Conversation) -> None:
        channels.take_over(conversation=talk, user=self.user)

    def assigned(self, talk: Conversation) -> None:
        channels.assign(conversation=talk, assignee=self.user, user=self.user)

    def handed_back(self, talk: Conversation) -> None:
        channels.hand_back(conversation=talk, user=self.user)

    def keep_people_busy(self, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        deeds: list[Callable[[Conversation], None]] = [
            self.replied,
            self.typed,
            self.taken_over,
            self.assigned,
            *[self.handed_back] * 6,  # else the AI would seldom have a say
        ]
        for _ in range(PEOPLE_DEEDS):
            dice.choice(deeds)(self.talk(dice.randrange(TALKS)))
            time.sleep(dice.random() * BREATH)

    def keep_networks_busy(self, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(NETWORK_DEEDS):
            deed = self.echoed if dice.random() < 0.1 else self.heard
            deed(dice.randrange(TALKS), dice)
            time.sleep(dice.random() * BREATH)

    def keep_deciding(self, seed: int, is_over: Callable[[], bool]) -> None:
        """An admin changes the policy, colleagues and the clock decide on what waits."""
        dice = random.Random(seed)  # noqa: S311
        # As long as the others go on: on a busy machine drafts are few and far between.
        for number in takewhile(lambda _: not is_over(), count()):
            if number % 10 == 0:
                act = dice.choice(("draft", "delay", "draft", "send"))
                row = {"channel": "any", "intent": "any", "low": act, "medium": act, "high": act}
                change_policy(rows=[row], delay_seconds=5, expires_hours=1, actor="user:1")
            waiting = ReplyDraft.objects.open().select_related("conversation")
            draft = waiting.order_by("?").first()
            if draft is not None:
                self.decide(draft, dice)
            time.sleep(dice.random() * BREATH)

    def decide(self, draft: ReplyDraft, dice: random.Random) -> None:
        deeds: list[Callable[[], object]] = [
            lambda: drafts.approve(draft=draft, user=self.user),
            lambda: drafts.approve(draft=draft, user=self.user, text="In other words"),
            lambda: drafts.undo(draft=draft, user=self.user),
            lambda: drafts.reject(draft=draft, user=self.user, reason="No"),
            *[lambda: self.let_time_pass(draft)] * 3,
            agents.sweep,
        ]
        # They have seen the page; until they press the button the world goes on.
        time.sleep(dice.random() * BREATH)
        with contextlib.suppress(drafts.DraftRefused):
            dice.choice(deeds)()

    def let_time_pass(self, draft: ReplyDraft) -> None:
        ReplyDraft.objects.filter(pk=draft.pk, state="scheduled").update(send_at=timezone.now())
        agents.send_due(draft_id=draft.pk)

    def keep_thinking(self, is_over: Callable[[], bool]) -> None:
        while not is_over():
            for pk in Run.objects.open().order_by("?").values_list("pk", flat=True)[:2]:
                agents.think(run_id=pk)


@pytest.fixture
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), committed():
        profile = Profile.current()
        profile.quiet_seconds = 0
        profile.confidence_gate = 0.1
        profile.save()
        config = channels.fresh_config(
            platform="custom", given={"token": "https://erp.example/hook"}
        )
        made = channels.connect(platform="custom", account_id="walk", config=config, vouched=True)
        world = World(made, make_user(role="agent"), count(1))
        statement(RECORD)
        try:
            for who in range(TALKS):
                world.heard(who, random.Random(who))  # noqa: S311
            yield world
        finally:
            statement(FORGET)


def judged() -> dict[str, int]:
    """Read the record from its beginning; every word of the AI is held against what stood then."""
    turns: dict[int, tuple[int, str]] = {}
    spoken: dict[int, int] = {}  # the turn in which a person or the contact was last heard
    counts = {"ai": 0, "contact": 0, "human": 0, "echo": 0}
    seen = dict(Run.objects.values_list("pk", "turn_version"))
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT conversation, turn, controller, author, run FROM north.said ORDER BY at"
        )
        for conversation, turn, controller, author, run in cursor.fetchall():
            if author is None:
                turns[conversation] = (turn, controller)
                continue
            counts[author] += 1
            now, leader = turns[conversation]
            if author == "ai":
                assert leader == "ai", f"the AI spoke under a person's control (run {run})"
                assert now == seen[run], f"run {run} saw turn {seen[run]} and spoke in {now}"
                assert spoken.get(conversation, 0) <= now
            elif author != "contact":
                spoken[conversation] = now
    return counts


def test_people_networks_and_runs_at_once(world):
    """About a thousand interleaved deeds and thoughts; the threads' order is the machine's."""
    busy = [partial(world.keep_people_busy, seed) for seed in (1, 2)]
    busy += [partial(world.keep_networks_busy, seed) for seed in (3, 4)]
    still = [1] * len(busy)

    def counted(deed: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                deed()
            finally:
                still.pop()

        return run

    threads = Threads()
    thinking = [partial(world.keep_thinking, lambda: not still)] * THINKERS
    deciding = [partial(world.keep_deciding, seed, lambda: not still) for seed in (5, 6)]
    threads.run([*map(counted, busy), *thinking, *deciding], seconds=90)

    assert threads.errors == []
    counts = judged()
    assert counts["contact"] > 150
    assert counts["human"] > 10
    assert counts["echo"] > 5
    assert counts["ai"] > 5, "the AI was hardly heard: the walk shows nothing"
    superseded = Run.objects.filter(status=Run.Status.SUPERSEDED).count()
    assert superseded > 5, "nobody came in between: the walk shows nothing"
    ended = Counter(ReplyDraft.objects.values_list("state", flat=True))
    assert ended["sent"] > 0, f"no draft was sent: the walk shows nothing ({ended})"
    assert ended["stale"] > 0, f"no draft was overtaken: the walk shows nothing ({ended})"
    for draft in ReplyDraft.objects.filter(state="sent"):
        [said] = Message.objects.filter(run_id=draft.run_id)
        assert (said.pk, said.author) == (draft.message_id, "ai"), "a draft was sent twice"
    # What is queued when a person comes is withdrawn; it goes out only where the AI itself, having
    # said it, fetched a person.
    handed = Run.objects.filter(outcome=Run.Outcome.HANDED_OVER)
    for message in Message.objects.filter(author="ai", state="queued"):
        led_by_ai = message.conversation.is_with_ai
        assert led_by_ai or handed.filter(
            conversation=message.conversation_id, pk__gte=message.run_id
        )


def test_the_record_would_notice(world):
    """An AI that does not look before it speaks is caught by the same judgement."""
    conversation = world.talk(0)
    world.taken_over(conversation)
    run = Run.objects.filter(conversation=conversation).get()
    with transaction.atomic():
        post_message(conversation=conversation, text="Hi", author="ai", run_id=run.pk)
    with pytest.raises(AssertionError, match="under a person's control"):
        judged()
