"""Many rows of one company: the list of leads over the API, the CRM's batches, the analytics page.

Rows are copies of one, laid down by the database itself; what is encrypted in it is encrypted
once. ``BENCH_LEADS`` and ``BENCH_MESSAGES`` make a smaller company of it.
"""

import os
import statistics
import time

import httpx
from django.conf import settings
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.models import ChannelConnection, Contact, Conversation, Message
from config.demo.stage import Stage
from crm.models import CrmConnection, SyncRecord
from crm.services import push_due
from leads.models import Contribution, Lead
from tenants import context
from tenants.figures import rolling
from tenants.services import create_api_key
from tests.benchmarks.stand import Figures, line

LEADS = int(os.environ.get("BENCH_LEADS", "100000"))
MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))
CONVERSATIONS = max(MESSAGES // 20, 1)
DAYS = 90
PUSHED = 2_000  # leads that changed while the CRM was away
LIST_AIM, PAGE_AIM, PUSH_AIM = 100.0, 100.0, 50.0
ROUNDS = 60
ADMIN, PASSWORD = "admin@stage.example", "a stage needs a password"


def leads(stage: Stage) -> Figures:
    """Pages of the list as programs ask for it: on and on, filtered, sorted out by score."""
    with context.inside(stage.company):
        began = time.perf_counter()
        _fill_leads()
        built = time.perf_counter() - began
        key = create_api_key(name="bench", role="viewer")[1]
        statements = _statements(stage, key)
    stage.machine.names = ("web",)
    with stage.machine:
        took = _walk(_program(stage, key))
    p95 = _p95([value for values in took.values() for value in values])
    yield line(
        "api_leads_p95",
        p95,
        "ms",
        aim=f"<= {LIST_AIM:.0f}",
        met=p95 <= LIST_AIM,
        p50=round(statistics.median(value for values in took.values() for value in values), 1),
        leads=LEADS,
        pages={name: round(_p95(values), 1) for name, values in took.items()},
        built_s=round(built),
    )
    yield line(
        "api_leads_statements",
        max(statements.values()),
        "",
        aim="the same for 1 and for 100 rows",
        met=len(set(statements.values())) == 1,
        of=statements,
    )


def crm(stage: Stage) -> Figures:
    """An outage's backlog, brought into the simulator's HubSpot in its batches, by one worker."""
    settings.HUBSPOT_API_URL = stage.simulator.settings["HUBSPOT_API_URL"]
    settings.ALLOW_PRIVATE_ADDRESSES = True
    stage.simulator.forget_journal()
    with context.inside(stage.company):
        _fill_leads()
        hubspot = CrmConnection.objects.get(kind="hubspot")
        _fall_behind(hubspot)
        synced, began, waited = 0, time.perf_counter(), 0.0
        while True:
            pushed = push_due(connection=hubspot)
            synced += pushed.synced
            if pushed.again_in is None:
                break
            waited += pushed.again_in  # the vendor's limit, not ours
            time.sleep(pushed.again_in)
        took = time.perf_counter() - began
        behind = SyncRecord.objects.exclude(state=SyncRecord.State.CLEAN)
        left = sorted(
            f"{state} {code}" for state, code in behind.values_list("state", "error_code")
        )
        SyncRecord.objects.all().delete()
    rate = synced / took
    yield line(
        "crm_leads_per_second",
        rate,
        "1/s",
        aim=f">= {PUSH_AIM:.0f}",
        met=rate >= PUSH_AIM and not left,
        synced=synced,
        left=left[:5],
        seconds=round(took, 1),
        waited_for_the_limit_s=round(waited, 1),
    )


def analytics(stage: Stage) -> Figures:
    """The page of a company with so many messages; and counting them, at first and then anew."""
    with context.inside(stage.company):
        began = time.perf_counter()
        _fill_messages()
        built = time.perf_counter() - began
        began = time.perf_counter()
        rolling.roll_up()
        first = time.perf_counter() - began
        began = time.perf_counter()
        rolling.roll_up()
        again = time.perf_counter() - began
    stage.machine.names = ("web",)
    with stage.machine:
        client = _signed_in(stage)
        took = {
            f"{days} days": _asked(client, f"/analytics/?days={days}") for days in (7, 30, DAYS)
        }
    everything = [value for values in took.values() for value in values]
    p95 = _p95(everything)
    yield line(
        "analytics_p95",
        p95,
        "ms",
        aim=f"<= {PAGE_AIM:.0f}",
        met=p95 <= PAGE_AIM,
        p50=round(statistics.median(everything), 1),
        messages=MESSAGES,
        pages={name: round(_p95(values), 1) for name, values in took.items()},
        built_s=round(built),
    )
    yield line("figures_counted_at_first", first, "s", days=DAYS, messages=MESSAGES)
    yield line("figures_counted_again", again, "s", aim="< 30", met=again < 30)


# -- looking


def _p95(took: list[float]) -> float:
    ordered = sorted(took)
    return ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]


def _asked(client: httpx.Client, address: str, rounds: int = ROUNDS // 3) -> list[float]:
    took = []
    for number in range(rounds + 2):
        began = time.perf_counter()
        answer = client.get(address)
        seconds = time.perf_counter() - began
        assert answer.status_code == 200, (address, answer.status_code)
        if number > 1:  # the first load templates and plans
            took.append(seconds * 1000)
    return took


def _signed_in(stage: Stage) -> httpx.Client:
    port = stage.plan.ports.web
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Host": f"stage.localhost:{port}"},
        timeout=30,
    )
    page = client.get("/accounts/login/").text
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    given = {"login": ADMIN, "password": PASSWORD, "csrfmiddlewaretoken": token}
    client.post("/accounts/login/", data=given)
    return client


def _program(stage: Stage, key: str) -> httpx.Client:
    port = stage.plan.ports.web
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Host": f"stage.localhost:{port}", "Authorization": f"Bearer {key}"},
        timeout=30,
    )


def _walk(client: httpx.Client) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {
        "filtered": _asked(client, "/api/v1/leads/?tier=hot&stage=qualified"),
        "hundred": _asked(client, "/api/v1/leads/?page_size=100"),
    }
    took["on"] = []
    address = "/api/v1/leads/"
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = client.get(address)
        took["on"].append((time.perf_counter() - began) * 1000)
        page = answer.json()
        assert page["results"], page
        address = page["next"].partition("/api/")[2]
        address = f"/api/{address}"
    return took


def _statements(stage: Stage, key: str) -> dict[str, int]:
    """How many the database is asked for a page of one and of a hundred."""
    program = Client(headers={"Host": "stage.localhost", "Authorization": f"Bearer {key}"})
    found = {}
    program.get("/api/v1/leads/")  # what processes remember
    for size in (1, 10, 100):
        with CaptureQueriesContext(connection) as queries:
            program.get(f"/api/v1/leads/?page_size={size}")
        context.enter_company(stage.company)  # the request leaves it
        found[f"{size} rows"] = len(queries)
    return found


# -- laying down


def copies(row: models.Model, count: int, **columns: str) -> None:
    """So many rows like this one, but for columns that SQL says, with ``g`` counting from 1."""
    names = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    table = row._meta.db_table
    said = ", ".join(columns.get(name, f't."{name}"') for name in names).replace("%", "%%")
    into = ", ".join(f'"{name}"' for name in names)
    with context.connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({into}) SELECT {said}"  # noqa: S608 - names of ours
            f" FROM {table} t CROSS JOIN generate_series(1, %s) g WHERE t.id = %s ORDER BY g",
            [count, row.pk],
        )
        cursor.execute(f"ANALYZE {table}")


def _fill_leads() -> None:
    """Contacts with a lead each, and its reasons."""
    missing = LEADS - Lead.objects.count()
    if missing <= 0:
        return
    contact = Contact.objects.create(name="Ada Byron")
    copies(contact, missing)
    first = Lead.objects.create(contact=contact, facts={"budget": "900 EUR", "role": "CEO"})
    reason = Contribution.objects.create(lead=first, rule="budget", points=0, quote="900 EUR")
    with context.connection.cursor() as cursor:
        # The sums are judged row by row at the end of the statement: so many at once take long.
        for table in ("leads_lead", "leads_contribution"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        copies(
            first,
            missing,
            contact_id=f"{contact.pk} + g",
            score="g % 100",
            tier="(ARRAY['cold', 'warm', 'hot'])[1 + (g % 100 >= 40)::int + (g % 100 >= 70)::int]",
            stage="(ARRAY['new', 'contacted', 'qualified', 'won', 'lost'])[1 + g % 5]",
            created_at="now() - g * interval '1 minute'",
            updated_at="now() - g * interval '1 minute'",
            version="1",
        )
        cursor.execute("SELECT min(id) FROM leads_lead WHERE id > %s", [first.pk])
        (next_one,) = cursor.fetchone()
        copies(reason, missing, lead_id=f"{next_one - 1} + g", points="g % 100")
        for table in ("leads_lead", "leads_contribution"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _fall_behind(hubspot: CrmConnection) -> None:
    """As after an hour in which the CRM was away: each lead changed, none is there."""
    SyncRecord.objects.all().delete()
    chosen = Lead.objects.filter(version=1).order_by("pk").values_list("pk", flat=True)[:PUSHED]
    SyncRecord.objects.bulk_create(
        (SyncRecord(connection=hubspot, lead_id=pk, wanted_version=1) for pk in chosen),
        batch_size=1_000,
    )


def _fill_messages() -> None:
    """Conversations of ninety days: questions, each answered by the AI some time later."""
    missing = MESSAGES - Message.objects.count()
    if missing <= 0:
        return
    channel = ChannelConnection.objects.filter(platform="messenger").earliest("pk")
    contact = Contact.objects.create(name="Ada Byron")
    copies(contact, CONVERSATIONS)
    talk = Conversation.objects.create(
        connection=channel, contact=contact, external_thread="1", thread_index="bench"
    )
    spread = f"interval '{DAYS} days' / {CONVERSATIONS}"
    copies(
        talk,
        CONVERSATIONS,
        contact_id=f"{contact.pk} + g",
        thread_index="'bench' || g",
        created_at=f"now() - g * {spread}",
        last_message_at=f"now() - g * {spread}",
    )
    with context.connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM channels_app_conversation WHERE id > %s", [talk.pk])
        (first,) = cursor.fetchone()
    message = Message.objects.create(
        connection=channel,
        conversation=talk,
        direction="in",
        author="contact",
        state="received",
        text="How much is the desk?",
    )
    # Message g is the (g / CONVERSATIONS)th of its conversation, a minute after the one before.
    turn = f"(g / {CONVERSATIONS})"
    at = f"now() - (1 + g % {CONVERSATIONS}) * {spread} + {turn} * interval '1 minute'"
    copies(
        message,
        missing,
        conversation_id=f"{first} + g % {CONVERSATIONS}",
        direction=f"CASE WHEN {turn} % 2 = 0 THEN 'in' ELSE 'out' END",
        author=f"CASE WHEN {turn} % 2 = 0 THEN 'contact' ELSE 'ai' END",
        state=f"CASE WHEN {turn} % 2 = 0 THEN 'received' ELSE 'sent' END",
        reference="gen_random_uuid()",
        provider_time=at,
        received_at=at,
    )
