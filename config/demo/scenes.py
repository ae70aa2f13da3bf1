"""Who writes what in the demo, and what has to come of it."""

from dataclasses import dataclass

SENT, HANDED_OVER, SILENT = "sent", "handed_over", "silent"


@dataclass(frozen=True, slots=True)
class Scene:
    """One person, one or more messages in a row, and how it must end.

    ``source`` is part of the title of a document the reply has to stand on; ``outcomes`` are the
    run's allowed ends; ``lead`` is whether a lead, and with it a CRM contact, must come of it.
    """

    platform: str
    person: str
    name: str
    texts: tuple[str, ...]
    language: str
    outcomes: tuple[str, ...] = (SENT,)
    intents: tuple[str, ...] = ("sales", "support", "general")
    source: str = ""
    lead: bool = True
    delivered_twice: bool = False


SCENES = (
    Scene(
        "messenger",
        "7101",
        "Grace Hopper",
        ("How much does the Acme Breeze city bike cost?",),
        "en",
        intents=("sales",),
        source="Bikes and prices",
        delivered_twice=True,
    ),
    Scene(
        "whatsapp",
        "34611222333",
        "Lucía Ruiz",
        ("Quiero comprar una bicicleta eléctrica.", "¿Cuánto cuesta la Acme Volt?"),
        "es",
        intents=("sales",),
        source="español",
    ),
    Scene(
        "telegram",
        "5550101",
        "ليلى حداد",
        ("مرحبا، كم سعر دراجة المدينة أكمي بريز؟",),
        "ar",
        intents=("sales", "general"),
        source="أكمي",
    ),
    Scene(
        "custom",
        "shop-42",
        "Omar Diaz",
        ("What does a basic service in your workshop cost and how long does it take?",),
        "en",
        source="Delivery, returns and repairs",
    ),
    Scene(
        "messenger",
        "7102",
        "Ada Byron",
        ("Can you store my grand piano in your basement over the winter?",),
        "en",
        outcomes=(HANDED_OVER,),
    ),
    Scene(
        "messenger",
        "7103",
        "Best Deals",
        (
            "CONGRATULATIONS!!! You won a casino bonus, claim your FREE crypto now at http://win.example",
        ),
        "en",
        outcomes=(SILENT,),
        intents=("spam",),
        lead=False,
    ),
)
