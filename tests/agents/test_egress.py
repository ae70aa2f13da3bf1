"""Nothing personal leaves the house, and the customer notices nothing of it."""

import json

import pytest

from agents import gateway
from agents.gateway.placeholders import Placeholders, UnknownMark
from agents.offline.personal import find_personal
from agents.providers.base import ChatMessage, Material, Question, Source
from agents.schemas import Reply
from channels_app.models import Message
from knowledge.services import add_document, embed_locally, index_document, search
from tests.contracts.model_server import UNDERSTANDING, by_claude
from tests.factories import make_message

NAME, OTHER, STAFF = "Zebulon Quartzwell", "Wilhelmina Featherstone", "Ignatius Pemberwick"
EMAIL, STAFF_EMAIL = "zeb.quartzwell@canary.example", "ignatius@nova.example"
PHONE, STAFF_PHONE = "+34 612 345 678", "+34 915 550 123"
CARD, IBAN = "4111 1111 1111 1111", "ES91 2100 0418 4502 0005 1332"
ADDRESS, POSTCODE, PAPER = "221 Baker Street", "NW1 6XE", "12345678Z"
CANARIES = [
    *("Zebulon", "Quartzwell", "Wilhelmina", "Featherstone", "Ignatius", "Pemberwick"),
    *(EMAIL, STAFF_EMAIL, PHONE, STAFF_PHONE, CARD, IBAN, ADDRESS, POSTCODE, PAPER),
    *("canary.example", "612 345 678", "915 550 123"),
]


def prompt_of(asked):
    return "\n".join([asked.get("system", ""), *(turn["content"] for turn in asked["messages"])])


def marks_for(asked, kind):
    import re

    return sorted(set(re.findall(rf"⟦{kind}_\d+⟧", asked["messages"][-1]["content"])))


def understands(asked):
    """As a model does: copies the marks it reads into the facts."""
    newest = asked["messages"][-1]["content"].rpartition("--- newest ---")[2]
    import re

    facts = [
        {"name": name, "value": mark, "quote": mark}
        for name, kind in (("name", "NAME"), ("email", "EMAIL"), ("phone", "PHONE"))
        for mark in re.findall(rf"⟦{kind}_\d+⟧", newest)[:1]
    ]
    return by_claude({**UNDERSTANDING, "intent": "support", "facts": facts})


def test_canaries_stay_in_the_house(company, says, work, claude, thread):
    """In messages, history and documents; the customer reads their own name and our phone."""
    guide = add_document(
        title="Returns desk",
        source_name="returns.md",
        content=(
            f"# Returns desk\n\nOur returns manager is {STAFF}. Ask for {STAFF} at {STAFF_EMAIL}"
            f" or {STAFF_PHONE}. The returns desk is at {ADDRESS}, {POSTCODE} London.\n"
        ).encode(),
    )
    index_document(document_id=guide.pk)
    conversation = thread()
    conversation.contact.name = NAME
    conversation.contact.save()
    make_message(conversation=conversation, text=f"I am {NAME}, a friend of {OTHER}. DNI {PAPER}")
    make_message(
        conversation=conversation,
        direction=Message.Direction.OUT,
        author=Message.Author.AI,
        text=f"Thank you {NAME}, we noted your card {CARD}. What can we do?",
    )

    def thinks(asked):
        if "--- newest ---" in prompt_of(asked):
            return understands(asked)
        newest = asked["messages"][-1]["content"]
        number = int(newest[: newest.index("returns manager")].rpartition('number="')[2][0])
        manager, phone = [
            next(mark for mark in marks_for(asked, kind) if f"{before}{mark}" in newest)
            for kind, before in (("NAME", "manager is "), ("PHONE", " or "))
        ]
        sentences = [
            {"text": "Of course, ⟦NAME_1⟧.", "source": 0, "quote": ""},
            {
                "text": f"Ask for {manager}, phone {phone}.",
                "source": number,
                "quote": f"returns manager is {manager}",
            },
        ]
        return by_claude({"grounded": True, "sentences": sentences})

    claude.thinks = thinks
    message = says(
        f"Who is your returns manager and what is the phone number? I am {NAME}, {EMAIL},"
        f" {PHONE}, IBAN {IBAN}.",
        conversation,
    )
    work()

    assert {call["path"] for call in claude.asked} == {"/v1/messages"}
    assert len(claude.asked) == 2
    sent = json.dumps(claude.asked, ensure_ascii=False)
    assert [canary for canary in CANARIES if canary.casefold() in sent.casefold()] == []
    run = message.conversation.runs.get()
    assert run.outcome == "sent", (run.outcome_reason, run.warnings)
    assert run.draft == f"Of course, {NAME}. Ask for {STAFF}, phone {STAFF_PHONE}."
    assert run.sources[0]["quote"] == f"returns manager is {STAFF}"
    facts = conversation.contact.lead.facts
    assert (facts["name"], facts["email"], facts["phone"]) == (NAME, EMAIL, "+34612345678")


def test_a_company_may_choose_otherwise(company, says, work, claude):
    company.hides_personal = False
    company.save()
    claude.thinks = understands
    says(f"My desk is broken. I am {NAME}, {EMAIL}")
    work()

    assert EMAIL in prompt_of(claude.asked[0])


def test_what_a_vendor_embeds_holds_nobody(company, settings, monkeypatch):
    """Passages and questions; what they are about stays."""
    from knowledge.providers.openai import OpenAI

    embedded = []

    def embed(self, texts):
        embedded.extend(texts)
        return embed_locally(list(texts))

    monkeypatch.setattr(OpenAI, "embed", embed)
    settings.EMBEDDER, settings.OPENAI_API_KEY = "openai", "k"
    guide = add_document(
        title="Help",
        source_name="help.md",
        content=f"# Help\n\nAsk {STAFF} about broken desks: {STAFF_EMAIL}, {STAFF_PHONE}.".encode(),
    )
    index_document(document_id=guide.pk)
    search(question=f"My desk is broken, I am {NAME}, {EMAIL}, {CARD}")

    assert any("broken desks: EMAIL, PHONE" in text for text in embedded)
    assert [canary for canary in CANARIES if canary in "\n".join(embedded)] == []


def question(*texts, system=""):
    messages = tuple(ChatMessage("user", text) for text in texts)
    return Question(task="reply", messages=messages, system=system)


class TestPlaceholders:
    def test_the_same_words_have_the_same_mark_everywhere(self):
        hidden = Placeholders().hidden(
            question(f"I am {NAME}, {EMAIL}", f"{NAME.upper()} again: {EMAIL}, {PHONE}")
        )

        first, second = (turn.content for turn in hidden.messages)
        assert first == "I am ⟦NAME_1⟧, ⟦EMAIL_1⟧"
        assert second == "⟦NAME_1⟧ again: ⟦EMAIL_1⟧, ⟦PHONE_1⟧"

    def test_a_name_found_once_is_hidden_where_nothing_gives_it_away(self):
        hidden = Placeholders([NAME]).hidden(question("zebulon here, is it ready for quartzwell?"))

        assert hidden.messages[0].content == "⟦NAME_2⟧ here, is it ready for ⟦NAME_3⟧?"

    def test_everyday_words_are_hidden_with_their_capital_only(self):
        hidden = Placeholders(["May Quartz"]).hidden(question("may I ask May for a desk?"))

        assert hidden.messages[0].content == "may I ask ⟦NAME_2⟧ for a desk?"

    def test_our_own_fences_stand(self):
        hidden = Placeholders(["Contact"]).hidden(question("<contact>\nHello\n</contact>"))

        assert hidden.messages[0].content == "<contact>\nHello\n</contact>"

    def test_nobody_can_ask_for_a_mark(self):
        placeholders = Placeholders()
        hidden = placeholders.hidden(question(f"repeat ⟦EMAIL_1⟧ please. {EMAIL}"))

        assert hidden.messages[0].content == "repeat [EMAIL_1] please. ⟦EMAIL_1⟧"

    def test_the_rule_is_said_only_where_there_is_something_to_copy(self):
        assert Placeholders().hidden(question("Hello", system="Be brief.")).system == "Be brief."
        assert "⟦NAME_1⟧" in Placeholders().hidden(question(EMAIL, system="Be brief.")).whole_system

    def test_words_come_back_whatever_the_brackets_and_the_quotes(self):
        placeholders = Placeholders(['Ana "Nina" Ruiz'])
        placeholders.hidden(question('I am Ana "Nina" Ruiz'))

        shown = placeholders.shown({"text": ["Hi [NAME_1], ⟦name_1⟧!"], "source": 1})
        assert shown == {"text": ['Hi Ana "Nina" Ruiz, Ana "Nina" Ruiz!'], "source": 1}

    def test_a_mark_that_stands_for_nothing_is_no_answer(self):
        with pytest.raises(UnknownMark):
            Placeholders().shown("Hi ⟦NAME_7⟧")


def test_an_invented_mark_is_sent_back_once(claude):
    right = {"grounded": True, "sentences": [{"text": "Hi ⟦EMAIL_1⟧.", "source": 0, "quote": ""}]}
    wrong = json.dumps(right).replace("EMAIL_1", "EMAIL_9")
    claude.say(by_claude(wrong.encode().decode("unicode_escape")), by_claude(right))

    completion = gateway.complete(
        task="reply",
        messages=[ChatMessage("user", f"I am {EMAIL}")],
        schema=Reply,
        material=Material("x", "en", (Source(1, "t", "t"),)),
    )

    assert completion.parsed.text == f"Hi {EMAIL}."
    assert [call.status for call in completion.calls] == ["invalid", "ok"]
    assert EMAIL not in json.dumps(claude.asked)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"card {CARD} or {CARD.replace(' ', '')}", ["card", "card"]),
        (f"{IBAN} and {IBAN.replace(' ', '')}", ["iban", "iban"]),
        ("رقمي ٠٥٥١٢٣٤٥٦٧", ["phone"]),
        ("My SSN is 078-05-1120", ["id"]),
        ("passport: XK1234567", ["id"]),
        ("Vivo en Calle de Alcalá 45, 3º B", ["address"]),
        ('{"customer_name": "Qorbulax Zyx", "email": "q@z.example"}', ["name", "email"]),
        ("cut off in its middle: somebody@canary", ["email"]),
        ("It costs 1 200 000 EUR since 2026-11-20", []),
        ("Open Monday to Friday from 9:00 to 18:00, 349 EUR, 120 kg", []),
    ],
)
def test_finds_what_is_personal(text, kinds):
    assert [one.name for one in find_personal(text)] == kinds


@pytest.mark.parametrize("text", ["a@" * 9_000, "1 " * 9_000, "Aa " * 6_000, '"name": "' * 3_000])
def test_nobody_can_keep_it_busy(text):
    import time

    started = time.monotonic()
    find_personal(text[:8_000])

    assert time.monotonic() - started < 2
