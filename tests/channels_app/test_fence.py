"""The AI never talks over a person: the fenced send among everything a conversation can undergo.

Its runs as they are, and orders of deeds by the thousand, are in ``tests/agents/test_orders.py``.
"""

import random

from django.db import transaction

from channels_app import services, wire
from channels_app.models import Conversation, Message
from channels_app.outbox import SendRefused, StaleTurn, post_message
from tests.channels_app.conftest import connected
from tests.factories import make_user

DEEDS = 300
AI, HUMAN = Message.Author.AI, Message.Author.HUMAN


class World:
    """One conversation, one AI that looks and later speaks, and everybody else in between."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.user = make_user(role="agent")
        self.connection = connected("custom")
        self.count = 0
        self.seen: int | None = None  # the turn the AI's run saw
        self.disturbed = False  # whether anybody spoke or took over since
        self.heard()
        self.conversation = Conversation.objects.get(connection=self.connection)

    def take(self, **event) -> None:
        self.count += 1
        about = event.pop("about", f"e{self.count}")
        body = wire.dumps({**event, "id": about, "event_id": f"e{self.count}"})
        items = self.connection.provider().split(body)
        for event_id in services.store(connection_id=self.connection.pk, items=items):
            services.ingest(event_id=event_id)

    def heard(self) -> None:
        self.take(type="message", text="Hello?", **{"from": {"id": "u1"}})

    def echoed(self) -> None:
        self.take(type="echo", text="From the phone", to={"id": "u1"})

    def replied(self) -> None:
        post_message(conversation=self.conversation, text="Me", author=HUMAN, user=self.user)

    def typed(self) -> None:
        services.begin_writing(conversation=self.conversation, user=self.user)

    def edited(self) -> None:
        """Words that are changed are newer words."""
        last = Message.objects.filter(conversation=self.conversation, direction="in").last()
        assert last is not None
        self.take(type="edit", text="Hello??", about=last.external_id)

    def taken_over(self) -> None:
        services.take_over(conversation=self.conversation, user=self.user)

    def handed_back(self) -> None:
        services.hand_back(conversation=self.conversation, user=self.user)

    def assigned(self) -> None:
        services.assign(conversation=self.conversation, assignee=self.user, user=self.user)

    def closed(self) -> None:
        services.close(conversation=self.conversation, user=self.user)

    def looked_at(self) -> None:
        """Reading and noting are no turn: the AI may go on."""
        services.mark_read(conversation=self.conversation, user=self.user)
        services.add_note(conversation=self.conversation, text="hm", user=self.user)

    def ai_looks(self) -> None:
        self.conversation.refresh_from_db()
        self.seen, self.disturbed = self.conversation.turn_version, False

    def ai_speaks(self) -> None:
        if self.seen is None:
            return
        before = Message.objects.filter(author=AI).count()
        leads = Conversation.objects.get(pk=self.conversation.pk).is_with_ai
        stale = Conversation(pk=self.conversation.pk)  # the AI's own, old copy of the row
        try:
            with transaction.atomic():
                post_message(conversation=stale, text="AI", author=AI, seen_turn=self.seen)
        except (StaleTurn, SendRefused):
            assert Message.objects.filter(author=AI).count() == before
            assert self.disturbed or not leads, "an undisturbed AI must be heard"
        else:
            assert leads, "the AI spoke under a person's control"
            assert not self.disturbed, "the AI spoke over something newer"

    def step(self) -> None:
        deeds = [
            self.heard, self.echoed, self.replied, self.taken_over, self.handed_back,
            self.assigned, self.closed, self.edited, self.typed,
        ]  # fmt: skip
        kind = self.random.random()
        if kind < 0.35:
            self.ai_looks()
        elif kind < 0.7:
            self.ai_speaks()
        elif kind < 0.8:
            self.looked_at()
        else:
            before = Conversation.objects.get(pk=self.conversation.pk).turn_version
            self.random.choice(deeds)()
            # Typing where a person leads already is no turn.
            self.disturbed |= (
                Conversation.objects.get(pk=self.conversation.pk).turn_version > before
            )


def test_not_one_word_over_a_person_whatever_is_done(north):
    worlds = [World(seed) for seed in range(10)]
    for number in range(DEEDS):
        worlds[number % len(worlds)].step()
    assert Message.objects.filter(author=AI).count() > 20
