"""The demo company: a bike shop with knowledge, channels, a CRM and three people."""

import json
import urllib.request
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from channels_app.models import ChannelConnection
from channels_app.services import adjust, connect, fresh_config, webhook_url
from config.launcher import Plan, wait_until_up
from config.setup import Tell, step
from crm.models import CrmConnection
from crm.services import connect as connect_crm
from knowledge.models import Document
from knowledge.services import add_document, index_document
from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.models import Company, Tariff
from tenants.services import open_company
from tenants.workspace.models import Profile

SUBDOMAIN = "acme"
PASSWORD = "ride-a-bike-today"  # noqa: S105 (the demo's, shown in the banner)
PEOPLE = {Role.ADMIN: "Ana Admin", Role.AGENT: "Omar Agent", Role.VIEWER: "Vera Viewer"}
KNOWLEDGE = Path(__file__).parent / "knowledge"

# Ids the simulator hands out webhooks for; secrets of a demo, worthless anywhere else.
CHANNELS: dict[str, tuple[str, dict[str, str]]] = {
    "messenger": (
        "104500000000001",
        {"secret": "demo-app-secret", "token": "demo-page-token", "verify_token": "demo-verify"},
    ),
    "whatsapp": (
        "105500000000001",
        {"secret": "demo-app-secret", "token": "demo-wa-token", "verify_token": "demo-verify"},
    ),
    "telegram": ("7000000001", {"token": "7000000001:demo", "secret": "demo-telegram-secret"}),
}
PRICES: dict[str, dict[str, Any]] = {
    "ai_answers": {"included": 2_000, "unit_price": Decimal("0.02")},
    "contacts": {"included": 1_000, "unit_price": Decimal(5), "per": 1_000},
    "storage": {"included": 20, "unit_price": Decimal("0.20")},
    "seats": {"included": 3, "unit_price": Decimal(9)},
}
CHAT = {
    "team": "Acme Bikes",
    "colour": "#a8430f",
    "greeting": (
        "en: Hello! Ask us anything about our bikes.\n"
        "es: ¡Hola! Pregúntenos lo que quiera sobre nuestras bicis.\n"
        "ar: مرحبًا! اسألونا ما تشاؤون عن دراجاتنا."
    ),
    "ask_email": "after",
    "identity_secret": "demo-identity-secret-worthless-elsewhere",
}


@dataclass(frozen=True, slots=True)
class Demo:
    """What the banner tells and the simulator needs."""

    company: Company
    url: str
    connections: list[dict[str, Any]]


def open_demo(plan: Plan, tell: Tell) -> Demo:
    """Open the demo company, or complete what a cut-off start left undone."""
    company = Company.objects.filter(schema_name=SUBDOMAIN).first()
    if company is None:
        with step(tell, "demo company opened"):
            company = open_company(
                name="Acme Bikes",
                subdomain=SUBDOMAIN,
                admin_email=_email(Role.ADMIN),
                password=PASSWORD,
                time_zone="Europe/Madrid",
            ).company
    _price(company)
    with context.inside(company):
        _add_people()
        _describe()
        if not Document.objects.exists():
            with step(tell, "demo knowledge read"):
                add_demo_knowledge()
        _connect_channels()
        _connect_chat(plan)
        if not CrmConnection.objects.exists():
            connect_crm(kind="hubspot", name="HubSpot (demo)", config={"token": "demo-hubspot"})
        connections = [_told_to_simulator(c) for c in ChannelConnection.objects.order_by("pk")]
    domain = company.get_primary_domain().domain
    return Demo(company, f"http://{domain}:{plan.ports.web}/", connections)


def add_demo_knowledge() -> None:
    """The shop's documents, searchable when this returns."""
    # All or none: what is cut off after that, the sweeper finishes.
    with transaction.atomic():
        documents = [
            add_document(title="", source_name=path.name, content=path.read_bytes(), kind="md")
            for path in sorted(KNOWLEDGE.glob("*.md"))
        ]
    for document in documents:
        index_document(document_id=document.pk)


def introduce_to_simulator(plan: Plan, demo: Demo) -> bool:
    """Tell the vendors' stand-in where our webhooks are; it forgets with every restart.

    Returns whether it listened.
    """
    simulator = f"http://127.0.0.1:{plan.ports.simulator}"
    if not wait_until_up(simulator):
        return False
    for account in demo.connections:
        message = urllib.request.Request(  # noqa: S310 (our own address)
            f"{simulator}/_sim/accounts",
            data=json.dumps(account).encode(),
            headers={"content-type": "application/json"},
        )
        urllib.request.urlopen(message, timeout=10).close()  # noqa: S310
    return True


def banner(plan: Plan, demo: Demo | None) -> str:
    """What a newcomer needs to know: where, who, and what to try."""
    web = f"http://{settings.PUBLIC_HOST}:{plan.ports.web}"
    lines = [
        "",
        "Leadwire is up.",
        "",
        f"  Public site     {web}/",
        f"  Health          {web}/readyz",
    ]
    if demo:
        lines += [
            f"  Demo company    {demo.url}",
            f"  API docs        {demo.url}api/v1/docs/",
            "",
            f"  Sign in as      {_email(Role.ADMIN)}   (or agent@…, viewer@…)",
            f"  Password        {PASSWORD}",
        ]
    if demo and plan.simulate:
        lines += [
            "",
            f"  To try          write as a customer: http://127.0.0.1:{plan.ports.simulator}/",
            f"                  or in the web chat:  http://127.0.0.1:{plan.ports.simulator}/site/",
            f"                  watch it answered:   {demo.url}inbox/",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])


def _email(role: str) -> str:
    return f"{role}@{SUBDOMAIN}.example"


def _price(company: Company) -> None:
    """What the demo's plan holds and costs, so that there is a bill to look at."""
    tariff, is_new = Tariff.objects.get_or_create(
        plan=company.plan,
        effective_from=date(2020, 1, 1),
        defaults={"currency": "EUR", "monthly_price": Decimal(49)},
    )
    if is_new:
        for meter, line in PRICES.items():
            tariff.lines.create(meter=meter, **line)


def _add_people() -> None:
    for role, name in PEOPLE.items():
        user = User.objects.filter(email=_email(role)).first()
        if user is None:
            User.objects.create_user(_email(role), PASSWORD, role=role, name=name)
        elif not user.name:
            User.objects.filter(pk=user.pk).update(name=name)


def _describe() -> None:
    profile = Profile.current()
    if not profile.about:
        profile.about = "Acme Bikes sells and repairs city bikes and e-bikes in Valencia."
        profile.languages = ["en", "es", "ar"]
        profile.save()


def _connect_channels() -> None:
    for platform, (account_id, given) in CHANNELS.items():
        known = ChannelConnection.objects.filter(platform=platform, account_id=account_id)
        if not known.exists():
            config = fresh_config(platform=platform, given=given)
            name = f"{platform.title()} (demo)"
            connect(platform=platform, account_id=account_id, name=name, config=config)


def _connect_chat(plan: Plan) -> None:
    """The chat on the shop's own website, which the simulator serves; its port may change."""
    hosts = ("127.0.0.1", "localhost")
    sites = "\n".join(f"http://{host}:{plan.ports.simulator}" for host in hosts)
    connection = ChannelConnection.objects.filter(platform="webchat").first()
    if connection is None:
        connect(
            platform="webchat",
            account_id="",
            name="Website (demo)",
            config={**CHAT, "allowed_origins": sites},
        )
    elif connection.is_active and connection.config.get("allowed_origins") != sites:
        adjust(connection=connection, changes={"allowed_origins": sites})


def _told_to_simulator(connection: ChannelConnection) -> dict[str, Any]:
    return {
        "platform": connection.platform,
        "account_id": connection.account_id,
        "webhook_url": webhook_url(connection),
        **CHANNELS.get(connection.platform, ("", {}))[1],
        **({"secret": CHAT["identity_secret"]} if connection.platform == "webchat" else {}),
    }
