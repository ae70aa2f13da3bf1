"""Opening a company, and giving programs a way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants import context, hosts
from tenants.accounts.models import ApiKey, User
from tenants.accounts.roles import Role
from tenants.accounts.scopes import EVERYTHING, beyond, unknown
from tenants.audit.services import record
from tenants.models import SUBDOMAIN, Company, Domain, Plan
from tenants.operators.closing import was_erased
from tenants.workspace.services import promise_anew

# Names that mean something to us, to browsers or to people.
RESERVED = frozenset(
    "admin api app assets auth billing blog cdn console dashboard demo-data dev docs ftp help imap"  # noqa: SIM905
    " information-schema internal live localhost login mail media mx ns1 ns2 pg pop public root"
    " signup smtp staging static status support test webhook webhooks ws www".split()
)


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What somebody gets who opens a company."""

    company: Company
    domain: str
    admin: User


def open_company(
    *, name: str, subdomain: str, admin_email: str, password: str, time_zone: str = "UTC"
) -> NewCompany:
    """Make the schema, the domain and the first admin, or nothing at all.

    Raises ValidationError keyed by field: ``name``, ``subdomain``, ``admin_email``,
    ``password``, ``time_zone``.
    """
    _check(name, subdomain, admin_email, password, time_zone)
    context.leave()
    domain = f"{subdomain}.{settings.PUBLIC_HOST}"
    try:
        with transaction.atomic():
            company = Company(
                schema_name=subdomain, name=name.strip(), plan=starter_plan(), time_zone=time_zone
            )
            company.save(verbosity=0)  # it migrates, and would tell stdout about it
            Domain.objects.create(domain=domain, tenant=company, is_primary=True)
    except IntegrityError as error:  # somebody else was faster by a moment
        raise ValidationError({"subdomain": _taken(subdomain)}) from error
    with context.inside(company), transaction.atomic():
        admin = User.objects.create_user(admin_email.strip(), password, role=Role.ADMIN)
        record(action="company.opened", subject=f"company:{subdomain}", actor=f"user:{admin.pk}")
    return NewCompany(company, domain, admin)


def starter_plan() -> Plan:
    plan, _ = Plan.objects.get_or_create(code="starter", defaults={"name": "Starter"})
    return plan


def create_api_key(
    *,
    name: str,
    role: str,
    scopes: Sequence[str] = (EVERYTHING,),
    created_by: User | None = None,
    expires_at: datetime | None = None,
    actor: str = "",
    maker_scopes: Sequence[str] = (EVERYTHING,),
) -> tuple[ApiKey, str]:
    """Make a key for the current company; the second value is shown once and never stored.

    ``maker_scopes`` are those of whoever asks: a key's key reaches no further than itself.
    """
    if role not in Role.values:
        raise ValidationError({"role": f"Choose one of: {', '.join(Role.values)}."})
    _check_scopes(scopes, maker_scopes)
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": "This moment has passed."})
    prefix, secret = ApiKey.new_secret()
    full_key = f"lw_{context.schema()}_{prefix}_{secret}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            prefix=prefix,
            digest=ApiKey.digest_of(full_key),
            role=role,
            scopes=sorted(set(scopes)),
            created_by=created_by,
            expires_at=expires_at,
        )
        actor = actor or (created_by.actor if created_by else "system")
        details = {"role": role, "scopes": key.scopes}
        record(action="api_key.created", subject=f"api_key:{key.pk}", actor=actor, details=details)
    return key, full_key


def _check_scopes(scopes: Sequence[str], held: Sequence[str]) -> None:
    if not scopes:
        raise ValidationError({"scopes": "Choose at least one."})
    if wrong := unknown(scopes):
        raise ValidationError({"scopes": f"There is no scope {', '.join(wrong)}."})
    if missing := beyond(held, scopes):
        raise ValidationError({"scopes": f"You do not hold {', '.join(missing)} yourself."})


def change_company(*, name: str = "", time_zone: str = "", actor: str) -> Company:
    """Call the company otherwise, or count its days on another clock; what is empty stays.

    Raises ValidationError keyed by field.
    """
    company = context.current_company()
    errors = {}
    if name and not 1 <= len(name.strip()) <= 100:
        errors["name"] = "Give the company a name of 1 to 100 characters."
    if time_zone and not _is_zone(time_zone):
        errors["time_zone"] = f"{time_zone!r} is not a time zone such as Europe/Madrid."
    if errors:
        raise ValidationError(errors)
    company.name = name.strip() or company.name
    company.time_zone = time_zone or company.time_zone
    company.save(update_fields=["name", "time_zone"])
    hosts.forget_hosts()
    if time_zone:
        promise_anew()
    given = {"name": name, "time_zone": time_zone}
    details = {"fields": sorted(field for field, value in given.items() if value)}
    record(action="company.changed", subject="company", actor=actor, details=details)
    return company


def company_named(subdomain: str) -> Company:
    """The company with this subdomain; raises ValidationError."""
    company = Company.objects.filter(schema_name=subdomain).first()
    if company is None:
        raise ValidationError({"company": f"There is no company {subdomain!r}."})
    return company


def _check(name: str, subdomain: str, admin_email: str, password: str, time_zone: str) -> None:
    errors: dict[str, object] = {}
    if not 1 <= len(name.strip()) <= 100:
        errors["name"] = "Give the company a name of 1 to 100 characters."
    if error := _subdomain_error(subdomain):
        errors["subdomain"] = error
    try:
        validate_email(admin_email.strip())
    except ValidationError as error:
        errors["admin_email"] = error.messages
    try:
        validate_password(password, User(email=admin_email))
    except ValidationError as error:
        errors["password"] = error.messages
    if not _is_zone(time_zone):
        errors["time_zone"] = f"{time_zone!r} is not a time zone such as Europe/Madrid."
    if errors:
        raise ValidationError(errors)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the database is no zone
        return False
    return True


def _subdomain_error(subdomain: str) -> str:
    try:
        SUBDOMAIN(subdomain)
    except ValidationError as error:
        return str(error.message)
    # "xn--…" is shown as letters of other scripts, which may look like somebody else's name.
    if subdomain in RESERVED or subdomain.startswith("pg-") or subdomain[2:4] == "--":
        return f"{subdomain!r} is reserved; choose another name."
    if Company.objects.filter(schema_name__iexact=subdomain).exists() or was_erased(subdomain):
        return _taken(subdomain)
    return ""


def _taken(subdomain: str) -> str:
    return f"{subdomain!r} is taken; choose another name."
