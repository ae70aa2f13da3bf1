"""Who is writing, and in which conversation: found or made, never twice."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from channels_app import announcements, proofs
from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    id_index,
)
from channels_app.providers.values import Person
from channels_app.services.locking import WITH_CONTACT, locked
from channels_app.services.ringing import ring
from channels_app.services.rows import NEW_IDENTITIES, NEW_PERSON, TakenMeanwhile
from tenants import context, crypto
from tenants.prepared import Blank, Prepared
from tenants.statements import Statement

LANGUAGE = 16
MAX_REFERENCES = 20
# An e-mail of ours: its message id begins with the reference.
OUR_REFERENCE = re.compile(r"^<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.IGNORECASE)


def conversation_with(
    *,
    connection: ChannelConnection,
    person: Person,
    thread_id: str = "",
    surface: str = Conversation.Surface.DIRECT,
) -> Conversation:
    """The conversation with this person (or of this group), locked until the commit; a new one
    is left for the caller to save.

    A person known by several ids is found by any of them; ids we did not know yet are added.
    """
    ids = [person.id, *person.aliases]
    threads = [thread_id] if thread_id else ids
    conversation = _find_conversation(connection, threads)
    if conversation is None:
        conversation = _begin_conversation(
            connection, person, ids, threads, is_group=bool(thread_id)
        )
        if not conversation.pk:
            conversation.surface = surface
        return conversation
    if not thread_id:
        if person.aliases:
            _add_identities(conversation.contact, connection, person, ids)
        # An address is proven by each letter for itself; a number comes proven, if it comes.
        if learn(conversation.contact, person) or proofs.EMAIL in person.proven:
            prove(connection, person)
    return conversation


def _begin_conversation(
    connection: ChannelConnection,
    person: Person,
    ids: list[str],
    threads: list[str],
    *,
    is_group: bool,
) -> Conversation:
    """A conversation that is not saved yet, or the one that another worker began meanwhile."""
    # Two first messages at the same moment: the second worker waits here for the first.
    names: list[tuple[str, ...]] = [
        ("person", connection.platform, connection.account_id, person.id)
    ]
    if is_group:
        names.insert(0, ("thread", str(connection.pk), threads[0]))
    for name in names:
        while _is_begun_or_held(connection, threads, name):
            if found := _find_conversation(connection, threads):
                return found
    contact, is_new = _find_or_make_contact(connection, person, ids)
    found = None if is_new and not is_group else _find_conversation(connection, threads)
    return found or Conversation(
        connection=connection,
        contact=contact,
        external_thread=threads[0],
        thread_index=id_index(threads[0]),
        language=contact.language,
    )


def _is_begun_or_held(
    connection: ChannelConnection, threads: list[str], name: tuple[str, ...]
) -> bool:
    """Whether there is such a conversation; else nobody can begin one until we commit.

    One statement: who waited for a merge has the row locked and did not see it (``locking``), and
    would wait here for the very merge that waits for the row.
    """
    values = {
        "connection": connection.pk,
        "threads": [id_index(each) for each in threads],
        "lock": _lock(*name),
    }
    [[is_begun]] = _BEGUN_OR_HELD.rows(values)
    return bool(is_begun)


_BEGUN_OR_HELD = Statement("""
SELECT CASE WHEN EXISTS (
    SELECT FROM channels_app_conversation
    WHERE connection_id = %(connection)s AND thread_index = ANY(%(threads)s)
) THEN TRUE ELSE pg_advisory_xact_lock(%(lock)s) IS NULL END
""")


def conversation_of(
    connection: ChannelConnection, references: tuple[str, ...]
) -> Conversation | None:
    """The conversation, locked, in which the first of these messages was said over this very
    connection: another company's thread, or another mailbox's, is never found."""
    if not references:
        return None
    known = _said_in(connection, references[:MAX_REFERENCES])
    nearest = next((known[each] for each in references if each in known), None)
    if nearest is None:
        return None
    return locked(nearest)


def _said_in(connection: ChannelConnection, references: tuple[str, ...]) -> dict[str, int]:
    """Message id -> conversation, by the id the network gave or by the reference we put in."""
    keys = {id_index(each): each for each in references}
    ours = {found[1].lower(): each for each in references if (found := OUR_REFERENCE.match(each))}
    rows = Message.objects.filter(
        Q(external_key__in=keys) | Q(reference__in=list(ours)), connection=connection
    ).values_list("external_key", "reference", "conversation_id")
    known: dict[str, int] = {}
    for key, reference, conversation_id in rows:
        said = keys.get(key) or ours.get(str(reference))
        if said:
            known[said] = conversation_id
    return known


def find_conversation(
    *, connection: ChannelConnection, person_ids: list[str]
) -> Conversation | None:
    """The one-to-one conversation with somebody, locked, if there is one."""
    return _find_conversation(connection, person_ids)


def _find_conversation(connection: ChannelConnection, threads: list[str]) -> Conversation | None:
    keys = [id_index(each) for each in threads]
    if len(keys) == 1:
        found = _BY_THREAD.first(connection=connection.pk, thread=keys[0])
    else:
        known = WITH_CONTACT.filter(connection=connection, thread_index__in=keys)
        found = known.order_by("pk").first()
    if found is not None:
        found.connection = connection
    return found


_BY_THREAD = Prepared(
    lambda: WITH_CONTACT.filter(connection=Blank("connection"), thread_index=Blank("thread"))
)


def _find_or_make_contact(
    connection: ChannelConnection, person: Person, ids: list[str]
) -> tuple[Contact, bool]:
    identity = _find_identity(connection, ids)
    if identity is not None:
        _add_identities(identity.contact, connection, person, ids)
        return identity.contact, False
    contact = Contact(
        name=person.name,
        phone=person.phone,
        email=person.email,
        language=person.language[:LANGUAGE],
    )
    contact.index()
    first, *others = _known_as(contact, connection, person, dict.fromkeys(ids))
    told = NEW_PERSON.told(contact, first)
    if told is None:
        raise TakenMeanwhile(f"A person of {connection.platform} {connection.account_id}")
    if told[0]:
        ring("compare_people")
    for other in others:
        other.contact = contact
    NEW_IDENTITIES.rows(others)
    announcements.appeared(contact)
    return contact, True


def _find_identity(connection: ChannelConnection, ids: list[str]) -> ContactIdentity | None:
    if len(ids) > 1:
        return _identities(connection, ids).select_related("contact").order_by("pk").first()
    return _BY_ID.first(
        platform=connection.platform, account=connection.account_id, index=id_index(ids[0])
    )


_BY_ID = Prepared(
    lambda: (
        ContactIdentity.objects.select_related("contact")
        .order_by()
        .filter(
            platform=Blank("platform"),
            account_id=Blank("account"),
            external_id_index=Blank("index"),
        )
    )
)


def _identities(connection: ChannelConnection, ids: list[str]) -> QuerySet[ContactIdentity]:
    return ContactIdentity.objects.filter(
        platform=connection.platform,
        account_id=connection.account_id,
        external_id_index__in=[id_index(each) for each in ids],
    )


def _add_identities(
    contact: Contact, connection: ChannelConnection, person: Person, ids: list[str]
) -> None:
    known = set(_identities(connection, ids).values_list("external_id_index", flat=True))
    new = [each for each in dict.fromkeys(ids) if id_index(each) not in known]
    if new:
        NEW_IDENTITIES.rows(_known_as(contact, connection, person, new))


def _known_as(
    contact: Contact, connection: ChannelConnection, person: Person, ids: Iterable[str]
) -> list[ContactIdentity]:
    vouched = _proofs(connection, person)
    return [
        ContactIdentity(
            contact=contact,
            platform=connection.platform,
            account_id=connection.account_id,
            external_id=each,
            external_id_index=id_index(each),
            display=person.name,
            **vouched,
        )
        for each in ids
    ]


def _proofs(connection: ChannelConnection, person: Person) -> dict[str, str]:
    """What the network vouches for, as fingerprints that are equal on every network.

    No network stands behind a sandbox: its numbers are whatever somebody typed.
    """
    found: dict[str, str] = {}
    if connection.is_sandbox:
        return found
    if proofs.PHONE in person.proven and (number := proofs.comparable_phone(person.phone)):
        found["proven_phone"] = crypto.blind_index(number)
    if proofs.EMAIL in person.proven and (address := proofs.comparable_email(person.email)):
        found["proven_email"] = crypto.blind_index(address)
    return found


def prove(connection: ChannelConnection, person: Person) -> None:
    """A network vouches for somebody it did not vouch for at first."""
    for name, value in _proofs(connection, person).items():
        unproven = _identities(connection, [person.id, *person.aliases]).filter(**{name: ""})
        if unproven.update(**{name: value, "compared_at": None}):
            ring("compare_people")


def know_as(*, contact: Contact, connection: ChannelConnection, external_id: str) -> None:
    """The network told us under which id it knows a contact in private."""
    _add_identities(contact, connection, Person(id=external_id), [external_id])


def learn(contact: Contact, person: Person) -> bool:
    """Fill in what we did not know; what people corrected by hand is never overwritten.

    Whether there was anything to learn.
    """
    news = {
        name: value
        for name, value in (
            ("name", person.name),
            ("phone", person.phone),
            ("email", person.email),
            ("language", person.language[:LANGUAGE]),
        )
        if value and not getattr(contact, name)
    }
    for name, value in news.items():
        setattr(contact, name, value)
    if news:
        contact.save(update_fields=[*news, "updated_at"])
        announcements.learnt(contact)
    return bool(news)


def hold(*parts: str | int) -> None:
    """Let nobody else of this company begin the same until the transaction ends."""
    _HOLD.rows([_lock(*parts)])


def _lock(*parts: str | int) -> int:
    return int(id_index(context.scoped(*parts))[:15], 16)


_HOLD = Statement("SELECT pg_advisory_xact_lock(%s)")


def latest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or other > one else one
