"""Taking care of who needs a person: somebody gets them, and while nobody is there they know it.

What is to be done stands in the rows. A ring does it at once, the sweeper does what was missed.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_app.absence import away_sentence
from channels_app.models import Conversation, Message
from channels_app.services.dealing import give_out
from channels_app.services.locking import locked
from channels_app.services.outgoing import SendRefused, record_message
from channels_app.services.seats import is_anybody_there
from channels_app.services.winding import house
from tenants.hours import Hours
from tenants.workspace.models import Profile
from tenants.workspace.services import profile

AT_ONCE = 500
THINKING = timedelta(minutes=10)  # written as we closed, handed over a moment later
NEEDS_PERSON = Q(
    status=Conversation.Status.OPEN,
    controller=Conversation.Controller.HUMAN,
    surface=Conversation.Surface.DIRECT,  # in public everybody would read it
    waiting_since__isnull=False,
    is_led_elsewhere=False,
    unreachable_at=None,
    contact__is_blocked=False,
    connection__is_sample=False,
)


def tend(*, conversation_id: int) -> dict[str, int]:
    """Somebody needs a person, here and now."""
    return {"given_out": give_out(), "told_away": _tell_away(Q(pk=conversation_id))}


def tend_all() -> dict[str, int]:
    """Whoever was overlooked: where a queue was lost, and where there is room again."""
    return {"given_out": give_out(), "told_away": _tell_away(Q())}


def _tell_away(which: Q) -> int:
    """Tell who wrote since we closed that nobody is there, each once until we open again."""
    rules = house()
    now = timezone.now()
    if not rules.says_away or rules.hours.is_open(now):
        return 0
    closed, opens = rules.hours.closed_since(now), rules.hours.next_opening(now)
    if opens is None:
        return 0  # nobody knows when somebody will be there
    told = Q(away_until=None) | Q(away_until__lte=now)
    since = Q(last_inbound_at__gte=closed - THINKING) if closed else Q()
    waiting = Conversation.objects.filter(NEEDS_PERSON & told & since & which)
    keys = list(waiting.order_by("waiting_since").values_list("pk", flat=True)[:AT_ONCE])
    if not keys or is_anybody_there():
        return 0
    return sum(_tell(key, opens, rules.hours, profile()) for key in keys)


def _tell(key: int, opens: datetime, hours: Hours, ours: Profile) -> bool:
    try:
        return _say(key, opens, hours, ours)
    except SendRefused:  # it may not be said here: not tried again before the next time
        Conversation.objects.filter(pk=key).update(away_until=opens)
        return False


@transaction.atomic
def _say(key: int, opens: datetime, hours: Hours, ours: Profile) -> bool:
    """The message and the note that it was said, both or neither; under the row's lock."""
    row = locked(key)
    now = timezone.now()
    was_told = row.away_until is not None and row.away_until > now
    if was_told or not Conversation.objects.filter(NEEDS_PERSON, pk=key).exists():
        return False
    text = away_sentence(
        row.language or row.contact.language,
        ours.away,
        usual=(ours.languages or [""])[0],
        now=now.astimezone(hours.zone),
        opens=opens,
    )
    record_message(conversation=row, text=text, author=Message.Author.SYSTEM, is_answer=False)
    Conversation.objects.filter(pk=key).update(away_until=opens)
    return True
