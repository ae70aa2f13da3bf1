"""Finding conversations by the words that were said in them.

What is said is encrypted. Beside it stand keyed fingerprints of its words, written here and not
on a message's way in: a message costs nothing more, and whoever searches reads first what nobody
has read yet.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Prefetch, QuerySet, Value
from django.db.models.functions import Cast

from channels_app.models import Contact, ContactIdentity, Conversation, ConversationWords, Message
from channels_app.words import beginnings_of, words_of
from tenants import crypto
from tenants.statements import Statement

AT_ONCE = 200  # conversations
ROUNDS = 25  # of a sweep
SLACK = 1_000  # a message may be committed after others with higher numbers
MESSAGES = 500  # of a conversation, the newest
WORDS = 4_000  # of a conversation

# The conversations with a message that was not read yet, those whose turn it is first.
_READ_UP_TO = Statement("SELECT COALESCE(MAX(upto), 0) FROM channels_app_conversationwords")
_UNREAD = Statement("""
SELECT message.conversation_id FROM channels_app_message AS message
LEFT JOIN channels_app_conversationwords AS words USING (conversation_id)
WHERE message.id > %s
GROUP BY message.conversation_id, words.upto
HAVING words.upto IS NULL OR MAX(message.id) > words.upto
ORDER BY MAX(message.id) LIMIT %s
""")
# Those that were there before words were kept, and those in which something was changed.
_CHANGED = Statement("""
(SELECT conversation_id FROM channels_app_conversationwords WHERE upto < 0 LIMIT %(most)s)
UNION ALL
(SELECT talk.id FROM channels_app_conversation AS talk WHERE NOT EXISTS (
    SELECT FROM channels_app_conversationwords AS words WHERE words.conversation_id = talk.id
) LIMIT %(most)s)
LIMIT %(most)s
""")


def conversations_with(search: str) -> QuerySet[ConversationWords]:
    """Where every word of the search was said, or is what the contact is called."""
    keys = crypto.blind_words(sorted(words_of(search)))
    if not keys:
        return ConversationWords.objects.none()
    return ConversationWords.objects.filter(_holds(keys))


def _holds(keys: list[int]) -> Func:
    """The index's own question. Django's ``contains`` hands each number over as one of 32 bits,
    whatever the array holds, and finds nothing."""
    numbers = ArrayField(BigIntegerField())
    asked = Cast(Value(keys, output_field=numbers), numbers)
    return Func(
        F("words"),
        asked,
        template="%(expressions)s",
        arg_joiner=" @> ",
        output_field=BooleanField(),
    )


def read_new_words() -> int:
    """What was said a moment ago; how many conversations were read."""
    # In two steps: PostgreSQL would not know how few messages lie behind a number it has yet to
    # find, and read the whole table.
    [(newest,)] = _READ_UP_TO.rows()
    ids = [pk for (pk,) in _UNREAD.rows([newest - SLACK, AT_ONCE])]
    read_words(ids)
    return len(ids)


def read_all_words() -> int:
    """What nobody has read yet, as much as one sweep may; how many conversations."""
    done = 0
    for _round in range(ROUNDS):
        count = read_new_words()
        if count < AT_ONCE:
            ids = [pk for (pk,) in _CHANGED.rows({"most": AT_ONCE})]
            read_words(ids)
            count += len(ids)
        done += count
        if count < AT_ONCE:
            break
    return done


def read_words(conversation_ids: Iterable[int]) -> None:
    """Read these conversations anew, from their names to their newest words."""
    ids = sorted(set(conversation_ids))
    if not ids:
        return
    said = _said_in(ids)
    identities = ContactIdentity.objects.only("contact_id", "display")
    contacts = Contact.objects.only("name").prefetch_related(
        Prefetch("identities", queryset=identities)
    )
    talks = Conversation.objects.filter(pk__in=ids).only("pk", "contact_id")
    rows = []
    for talk in talks.prefetch_related(Prefetch("contact", queryset=contacts)):
        names = [talk.contact.name, *(each.display for each in talk.contact.identities.all())]
        upto, words = said.get(talk.pk, (0, set()))
        found = [*sorted(beginnings_of(names)), *sorted(words)][:WORDS]
        rows.append(
            ConversationWords(
                conversation_id=talk.pk, words=crypto.blind_words(dict.fromkeys(found)), upto=upto
            )
        )
    ConversationWords.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["conversation"],
        update_fields=["words", "upto"],
    )


_NEWEST = Statement("""
SELECT message.id FROM unnest(%s::bigint[]) AS talk
CROSS JOIN LATERAL (
    SELECT id FROM channels_app_message WHERE conversation_id = talk ORDER BY id DESC LIMIT %s
) AS message
""")


def _said_in(ids: list[int]) -> dict[int, tuple[int, set[str]]]:
    """Conversation -> its newest message's number, and the words of its newest messages."""
    keys = [pk for (pk,) in _NEWEST.rows([ids, MESSAGES])]
    upto: dict[int, int] = defaultdict(int)
    words: dict[int, set[str]] = defaultdict(set)
    messages = Message.objects.filter(pk__in=keys).order_by("-pk")
    for row in messages.only("conversation_id", "text", "deleted_at").iterator(chunk_size=500):
        talk = row.conversation_id
        upto[talk] = max(upto[talk], row.pk)
        if row.deleted_at is None and len(words[talk]) < WORDS:
            words[talk] |= words_of(row.text)
    return {talk: (upto[talk], words[talk]) for talk in upto}
