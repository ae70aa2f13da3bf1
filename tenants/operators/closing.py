"""Suspending a company, opening it again, and erasing it for good."""

from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from tenants import context, crypto
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.hosts import forget_hosts
from tenants.models import AuditHead, Company, ErasedName
from tenants.redis import client
from tenants.ringing import ring_now

SCANNED = 1_000  # keys to one look


@transaction.atomic
def suspend(*, company: Company, operator: User, reason: str) -> None:
    """Close every door and stop every clock of a company; nothing is lost, and it can be undone."""
    _set_suspended(company, True)
    _note("company.suspended", company, operator, reason)


@transaction.atomic
def resume(*, company: Company, operator: User, reason: str) -> None:
    """Open it again; what waited in its rows is rung by the next sweep."""
    if company.erasing_since:
        raise ValidationError("It is being erased; that cannot be taken back.")
    _set_suspended(company, False)
    _note("company.resumed", company, operator, reason)


@transaction.atomic
def begin_erasure(*, company: Company, typed: str, operator: User, reason: str) -> None:
    """Destroy the company's keys, which makes its secrets and its people's data unreadable at
    once, wherever they still lie; the rest is cleared away in the background.

    ``typed`` must be the subdomain, letter by letter. Raises ValidationError.
    """
    if typed != company.schema_name:
        raise ValidationError({"typed": f"Type {company.schema_name} to erase it."})
    if company.erasing_since:
        return
    company.keyring = {}
    company.erasing_since = timezone.now()
    company.save(update_fields=["keyring", "erasing_since"])
    _set_suspended(company, True)
    _note("company.erased", company, operator, reason)
    crypto.forget(company.schema_name)
    transaction.on_commit(lambda: ring_now("upkeep", "erase_companies"))


def being_erased() -> list[Company]:
    """Those whose keys are gone and whose rows are not, yet."""
    return list(Company.objects.filter(erasing_since__isnull=False).order_by("pk"))


def finish_erasure(company: Company) -> None:
    """Drop the schema, the Redis keys and the rows in public; again and again, if it has to be.

    Only ever of a company whose keys were destroyed. Files are the channels' floor's to clear.
    """
    if not company.erasing_since:
        raise ValueError(f"{company} is not to be erased.")
    schema = company.schema_name
    context.leave()
    quoted = context.connection.ops.quote_name(schema)
    with transaction.atomic(), context.connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {quoted} CASCADE")
        AuditHead.objects.filter(schema_name=schema).delete()
        ErasedName.objects.get_or_create(digest=digest_of(schema))
        company.delete()
    _forget_keys(schema)
    forget_hosts()
    context.forget_companies()


def digest_of(schema_name: str) -> str:
    """What is kept of an erased company's name: enough to know it again, and not to read it."""
    return sha256(f"leadwire:{schema_name.lower()}".encode()).hexdigest()


def was_erased(schema_name: str) -> bool:
    """Whether an erased company had this name."""
    return ErasedName.objects.filter(digest=digest_of(schema_name)).exists()


def _forget_keys(schema: str) -> None:
    redis = client()
    for key in redis.scan_iter(match=f"lw:{schema}:*", count=SCANNED):
        redis.unlink(key)


def _set_suspended(company: Company, is_suspended: bool) -> None:
    company.is_suspended = is_suspended
    company.save(update_fields=["is_suspended"])
    transaction.on_commit(forget_hosts)
    transaction.on_commit(context.forget_companies)


def _note(action: str, company: Company, operator: User, reason: str) -> None:
    details = {"reason": reason[:300]}
    record(action=action, subject=f"company:{company.pk}", actor=operator.actor, details=details)
