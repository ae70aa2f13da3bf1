"""What dead letters show in the menu."""

from django.utils.translation import gettext_noop

from tenants.cards import offer
from tenants.deadletters.reading import badge
from tenants.operators.vitals import Reading, watched

# Words of the rows, for the translators; templates show them by ``told``.
WORDS = (
    gettext_noop("Under way"),
    gettext_noop("Done"),
    gettext_noop("Try again"),
    gettext_noop("Let go"),
)


@offer("menu", order=20, permission="deadletters.view_letter")
def waiting() -> dict[str, int]:
    return {"dead-letters": badge()}


@watched
def letters_vital() -> list[Reading]:
    """For the operator."""
    letters = badge()
    return [Reading("Dead letters", str(letters), letters > 0)]
