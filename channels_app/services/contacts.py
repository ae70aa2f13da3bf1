"""The people who write to the company: a list, a search, and what stands on one's page."""

from django.db.models import Max, Prefetch, Q, QuerySet, Subquery

from channels_app.models import (
    Contact,
    ContactIdentity,
    ContactMerge,
    ContactQuerySet,
    Conversation,
    id_index,
)
from tenants import crypto
from tenants.paging import Page, newest_first

PAGE = 30


def list_contacts(*, search: str = "", cursor: str = "") -> Page[Contact]:
    """Those who stand for themselves, newest first; a search finds whole addresses only."""
    rows = with_networks(Contact.objects.standing()).annotate(
        last_at=Max("conversations__last_message_at")
    )
    if search.strip():
        rows = rows.filter(called(search) | Q(pk=own_number(search)))
    return newest_first(rows, cursor=cursor, size=PAGE)


def with_networks(rows: ContactQuerySet) -> ContactQuerySet:
    """With the names that networks have for them, without a query per row."""
    identities = ContactIdentity.objects.order_by("pk")
    return rows.prefetch_related(Prefetch("identities", queryset=identities))


def called(search: str) -> Q:
    """Exact e-mail, phone number or network id: what is encrypted is found by its blind index,
    and a name by none. Who became part of another is found as that other."""
    wanted = search.strip()
    blind = crypto.blind_index(wanted)
    digits = "+" + "".join(c for c in wanted if c.isdigit())
    identities = ContactIdentity.objects.filter(
        external_id_index__in=[id_index(wanted), id_index(wanted.removeprefix("@"))]
    )
    named = Q(email_index=blind) | Q(phone_index__in=[blind, crypto.blind_index(digits)])
    absorbed = Contact.objects.filter(named, absorbed_into__isnull=False)
    return (
        named
        | Q(pk__in=Subquery(absorbed.values("absorbed_into_id")))
        | Q(pk__in=Subquery(identities.values("contact_id")))
    )


def contacts_called(search: str) -> list[int]:
    """The numbers of those that ``called`` describes. Asked one by one, each by its own index:
    as one question it is a look at everybody."""
    wanted = search.strip()
    blind = crypto.blind_index(wanted)
    digits = "+" + "".join(c for c in wanted if c.isdigit())
    named = Contact.objects.order_by().values_list("pk", "absorbed_into_id")
    by_name = ContactIdentity.objects.filter(
        external_id_index__in=[id_index(wanted), id_index(wanted.removeprefix("@"))]
    )
    found = named.filter(email_index=blind).union(
        named.filter(phone_index__in=[blind, crypto.blind_index(digits)]),
        named.filter(pk__in=by_name.values("contact_id")),
    )
    return [absorbed_into or pk for pk, absorbed_into in found[:PAGE]]


def own_number(search: str) -> int:
    """Our own number of a row, as in ``#12``; 0 if the search is none."""
    number = search.strip().removeprefix("#")
    is_one = number.isascii() and number.isdigit() and len(number) <= 18
    return int(number) if is_one else 0


def standing_for(contact: Contact) -> Contact:
    """Whoever the contact became part of by now, at the end of the chain; else itself."""
    row = Contact.objects.get(pk=contact.pk)
    while row.absorbed_into_id is not None:
        row = Contact.objects.get(pk=row.absorbed_into_id)
    return row


def merges_of(contact: Contact) -> QuerySet[ContactMerge]:
    """What was merged into them, and taken out again, the latest first."""
    return contact.merges.select_related("absorbed").order_by("-pk")


def conversations_of(contact: Contact) -> QuerySet[Conversation]:
    return contact.conversations.with_people().order_by("-last_message_at", "-pk")
