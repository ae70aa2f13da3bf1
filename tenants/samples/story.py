"""Who writes what in the sample data: a coffee roastery that sells to offices and cafés.

People, addresses and numbers are made up; their mail goes to example domains (RFC 2606), their
numbers are of those that are given to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

CONTACT, AI, PERSON, NOTE = "contact", "ai", "person", "note"
ANSWERED, WAITING, DRAFTED, CLOSED = "answered", "waiting", "drafted", "closed"
NETWORKS = {
    "whatsapp": "WhatsApp",
    "messenger": "Messenger",
    "instagram": "Instagram",
    "telegram": "Telegram",
}
MARK = "sample"  # stands behind every made-up name, wherever it is shown


@dataclass(frozen=True, slots=True)
class Line:
    """``ago`` is in minutes before the loading; ``quote`` stands word for word in ``source``."""

    who: str
    ago: int
    text: str
    source: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of the roastery."""

    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: with whom, where, how it stands, and what was understood of it.

    ``facts`` are of the person: each with the words that say it.
    """

    key: str
    platform: str
    person: str  # as the network knows them
    name: str
    language: str
    intent: str
    sentiment: float
    lines: tuple[Line, ...]
    ends: str = ANSWERED
    reason: str = ""
    draft: Line | None = None
    facts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    stage: str = ""

    @property
    def network(self) -> str:
        return NETWORKS[self.platform]

    @property
    def shown_name(self) -> str:
        return f"{self.name} · {MARK}"


PRICES = Paper(
    "prices",
    "Sample: prices and plans",
    """# Prices and plans

## Coffee for offices

The office plan costs 29 euros a month for each kilogram of coffee a week.
The plan includes a grinder on loan and a visit of our technician every three months.
An office of 40 people needs about 3 kilograms a week.

## Beans for cafés

House blend costs 18 euros a kilogram. From 20 kilograms a month on it costs 15.50 euros.

## Discounts

Orders of the first month get 10 percent off. Other discounts need the word of our sales team.
""",
)
DELIVERY = Paper(
    "delivery",
    "Sample: delivery and returns",
    """# Delivery and returns

We roast on Mondays and Thursdays and deliver within two working days.
Delivery is free from 50 euros on; below that it costs 4.90 euros.

Bags that were not opened can be returned within 30 days.
A refund is on its way within five working days after the bags have arrived.
""",
)
SPANISH = Paper(
    "spanish",
    "Sample: horario y cursos",
    """# Horario y cursos

La tienda abre de lunes a sábado de 9 a 19 horas.
El curso de barista cuesta 85 euros y dura cuatro horas.
""",
)
DOCUMENTS = (PRICES, DELIVERY, SPANISH)

TALKS = (
    Talk(
        "office",
        "whatsapp",
        "15550100101",
        "Mia Novak",
        "en",
        "sales",
        0.7,
        (
            Line(CONTACT, 95, "Hi! How much is coffee for an office with you?"),
            Line(
                AI,
                94,
                "The office plan costs 29 euros a month for each kilogram of coffee a week.",
                "prices",
                "The office plan costs 29 euros a month for each kilogram of coffee a week.",
            ),
            Line(
                CONTACT,
                88,
                "Great, we are 40 people at Lumen Studios and would like to buy the office plan."
                " Our budget is 400 euros a month and we want to start this month.",
            ),
            Line(
                AI,
                87,
                "An office of 40 people needs about 3 kilograms a week. The plan includes a"
                " grinder on loan and a visit of our technician every three months.",
                "prices",
                "An office of 40 people needs about 3 kilograms a week.",
            ),
            Line(CONTACT, 81, "Perfect, thank you! Write to me at mia@lumen.example, please."),
            Line(NOTE, 60, "Forty people: offer three kilograms a week and two grinders."),
        ),
        facts={
            "company": ("Lumen Studios", "at Lumen Studios"),
            "interest": ("the office plan", "would like to buy the office plan"),
            "budget": ("400 euros a month", "Our budget is 400 euros a month"),
            "timeline": ("this month", "we want to start this month"),
            "email": ("mia@lumen.example", "mia@lumen.example"),
        },
    ),
    Talk(
        "delivery",
        "messenger",
        "15550100102",
        "Tom Becker",
        "en",
        "support",
        0.2,
        (
            Line(CONTACT, 300, "When will my order arrive? I ordered on Sunday."),
            Line(
                AI,
                299,
                "We roast on Mondays and Thursdays and deliver within two working days.",
                "delivery",
                "We roast on Mondays and Thursdays and deliver within two working days.",
            ),
            Line(CONTACT, 290, "All right, thanks!"),
        ),
        ends=CLOSED,
        reason="closing",
    ),
    Talk(
        "spanish",
        "instagram",
        "15550100103",
        "Lucía Ruiz",
        "es",
        "sales",
        0.4,
        (
            Line(CONTACT, 210, "Hola, ¿cuánto cuesta el curso de barista?"),
            Line(
                AI,
                209,
                "El curso de barista cuesta 85 euros y dura cuatro horas.",
                "spanish",
                "El curso de barista cuesta 85 euros y dura cuatro horas.",
            ),
            Line(CONTACT, 205, "Me interesa para la próxima semana."),
        ),
        facts={
            "interest": ("el curso de barista", "el curso de barista"),
            "timeline": ("la próxima semana", "la próxima semana"),
        },
    ),
    Talk(
        "arabic",
        "telegram",
        "15550100104",
        "ليلى حداد",
        "ar",
        "sales",
        0.3,
        (
            Line(CONTACT, 150, "مرحبا، نحن مقهى صغير. كم سعر الكيلو؟"),
            Line(
                PERSON,
                140,
                "أهلاً ليلى! سعر كيلو خلطة البيت 18 يورو، ومن 20 كيلو في الشهر 15.50 يورو.",
            ),
        ),
        facts={"interest": ("كيلو", "كم سعر الكيلو")},
        stage="contacted",
    ),
    Talk(
        "refund",
        "whatsapp",
        "15550100105",
        "Omar Diaz",
        "en",
        "urgent",
        -0.7,
        (
            Line(
                CONTACT,
                25,
                "I sent two bags back three weeks ago and still have no refund."
                " I want to speak with a person, now!",
            ),
        ),
        ends=WAITING,
        reason="asked_for_human",
    ),
    Talk(
        "discount",
        "messenger",
        "15550100106",
        "Ada Byron",
        "en",
        "sales",
        0.1,
        (Line(CONTACT, 40, "We take 25 kilograms of beans a month. Is there a discount?"),),
        ends=DRAFTED,
        draft=Line(
            AI,
            39,
            "From 20 kilograms a month on the house blend costs 15.50 euros a kilogram.",
            "prices",
            "From 20 kilograms a month on it costs 15.50 euros.",
        ),
        facts={"interest": ("25 kilograms of beans a month", "25 kilograms of beans a month")},
    ),
    Talk(
        "won",
        "telegram",
        "15550100107",
        "Jonas Weber",
        "en",
        "sales",
        0.8,
        (
            Line(CONTACT, 1_300, "We would like to order the house blend for our café, Weber Eck."),
            Line(PERSON, 1_290, "With pleasure, Jonas. How much do you need, and by when?"),
            Line(CONTACT, 1_280, "30 kilograms, by tomorrow if you can. jonas@webereck.example"),
            Line(PERSON, 1_270, "Done: 30 kilograms are on their way. Welcome!"),
        ),
        facts={
            "company": ("Weber Eck", "for our café, Weber Eck"),
            "interest": ("the house blend", "order the house blend"),
            "timeline": ("by tomorrow", "by tomorrow if you can"),
            "email": ("jonas@webereck.example", "jonas@webereck.example"),
        },
        stage="won",
    ),
)
