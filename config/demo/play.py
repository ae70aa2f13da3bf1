"""The demo itself: write in by webhook, wait, look at everything that must have happened."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import dramatiq

from agents.models import Run
from channels_app.models import ChannelConnection, Conversation, Message, id_index
from channels_app.services import connect, fresh_config, webhook_url
from config.demo.scenes import HANDED_OVER, SCENES, SENT, Scene
from config.demo.stage import Stage
from crm.models import CrmConnection, SyncRecord
from crm.services import connect as connect_crm
from leads.models import Lead
from leads.services import lead_of
from tenants import context

PATIENCE = 60.0  # seconds for all replies; then as much for the CRMs
ARRIVED = (Message.State.ACCEPTED, Message.State.SENT, Message.State.DELIVERED, Message.State.READ)
# Telegram and a customer's own system report neither delivery nor reading.
REPORTING = {"messenger", "whatsapp"}
CRM_HOOK = "crm"


@dataclass(slots=True)
class Result:
    """What became of a scene; ``wrong`` says in sentences what did not happen."""

    scene: Scene
    run: Run | None = None
    lead: Lead | None = None
    reasons: str = ""
    reply: Message | None = None
    crm: list[SyncRecord] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def connect_everything(stage: Stage) -> None:
    """The demo company has channels and HubSpot; add a system of its own, and its webhook."""
    simulator = stage.simulator
    given = {"token": simulator.hook_url("shop")}
    custom = connect(
        platform="custom",
        account_id="shop",
        name="Our own shop",
        config=fresh_config(platform="custom", given=given),
    )
    hook = connect_crm(
        kind="webhook", name="Our own CRM", config={"base_url": simulator.hook_url(CRM_HOOK)}
    )
    simulator.account(
        "custom", "shop", webhook_url=webhook_url(custom), secret=custom.config["secret"]
    )
    simulator.account("custom", CRM_HOOK, secret=hook.config["secret"])


def play(stage: Stage) -> list[Result]:
    """Every scene, from the webhook to the CRM."""
    results = [Result(scene) for scene in SCENES]
    for number, result in enumerate(results):
        _write_in(stage, result, number)
    with context.inside(stage.company):
        _wait(lambda: _all_done(map(_look_at_thought, results)))
        # What the beat does every five minutes; hot leads did not wait for it.
        dramatiq.get_broker().enqueue(
            dramatiq.Message(
                queue_name="crm", actor_name="push_everywhere", args=(), kwargs={}, options={}
            )
        )
        _wait(lambda: _all_done(map(_look_at_crm, results)))
        for result in results:
            _judge(stage, result)
    return results


def _write_in(stage: Stage, result: Result, number: int) -> None:
    scene = result.scene
    with context.inside(stage.company):
        account = ChannelConnection.objects.get(platform=scene.platform).account_id
    for position, text in enumerate(scene.texts):
        identity = f"m_demo_{number}_{position}" if scene.delivered_twice else ""
        for _ in range(2 if scene.delivered_twice else 1):
            taken = stage.simulator.inbound(
                scene.platform,
                account,
                text,
                sender_id=scene.person,
                sender_name=scene.name,
                id=identity,
            )
            if taken["status"] != 200:
                result.wrong.append(f"the webhook was answered with {taken['status']}")


def _all_done(looks: Iterable[bool]) -> bool:
    """Look at every one, also behind one that is not done."""
    return all(list(looks))


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until() and time.monotonic() < deadline:
        time.sleep(0.2)


def _look_at_thought(result: Result) -> bool:
    """Read how far the scene's conversation is; True once nothing more is to come."""
    conversation = Conversation.objects.filter(
        connection__platform=result.scene.platform,
        contact__identities__external_id_index=id_index(result.scene.person),
    ).first()
    if conversation is None:
        return False
    result.run = conversation.runs.order_by("-pk").first()
    result.lead = lead_of(conversation.contact)
    result.reply = conversation.messages.filter(author=Message.Author.AI).order_by("-pk").first()
    said = conversation.messages.filter(direction=Message.Direction.IN).count()
    if result.run is None or result.run.is_open or said < len(result.scene.texts):
        return False
    wanted = ARRIVED if result.scene.platform not in REPORTING else (Message.State.READ,)
    return result.reply is None or result.reply.state in wanted


def _look_at_crm(result: Result) -> bool:
    if result.lead is None:
        return True
    result.lead.refresh_from_db()
    result.reasons = "\n".join(str(one) for one in result.lead.contributions.all())
    result.crm = list(result.lead.sync_records.select_related("connection").order_by("pk"))
    return len(result.crm) == CrmConnection.objects.count() and all(
        record.state == SyncRecord.State.CLEAN for record in result.crm
    )


# -- what must have happened


def _judge(stage: Stage, result: Result) -> None:
    result.wrong += [what for what, is_so in _expectations(stage, result) if not is_so]


def _expectations(stage: Stage, result: Result) -> Iterable[tuple[str, bool]]:
    """What is wrong if it is not so, and whether it is so."""
    scene, run = result.scene, result.run
    if run is None or run.is_open:
        yield "nobody thought about it in time", False
        return
    rows = Message.objects.filter(
        conversation=run.conversation, direction=Message.Direction.IN
    ).count()
    yield f"{rows} rows stand for {len(scene.texts)} messages", rows == len(scene.texts)
    yield f"it ended as {run.outcome or run.status}", run.outcome in scene.outcomes
    yield f"its intent was taken for {run.intent}", run.intent in scene.intents
    yield f"its language was taken for {run.language}", run.language == scene.language
    yield "its sentiment is missing", run.sentiment is not None
    yield from _expected_of_reply(stage, result, run)
    yield from _expected_of_lead(stage, result)


def _expected_of_reply(stage: Stage, result: Result, run: Run) -> Iterable[tuple[str, bool]]:
    scene, reply = result.scene, result.reply
    at_vendor = [
        entry
        for entry in stage.simulator.sends(platform=scene.platform)
        if entry["recipient"] == scene.person
    ]
    wanted = 1 if run.outcome in {SENT, HANDED_OVER} else 0
    yield f"{len(at_vendor)} replies reached the vendor", len(at_vendor) == wanted
    if not wanted:
        return
    yield "no reply was written", reply is not None
    if reply is None:
        return
    yield (
        "the vendor got another text than we wrote",
        [entry["text"] for entry in at_vendor] == [reply.text],
    )
    yield f"its reply is {reply.state}", reply.state in ARRIVED
    if scene.platform in REPORTING:
        yield f"its reply is only {reply.state}", reply.state == Message.State.READ
    titles = [source["title"] for source in run.sources]
    yield (
        f"it stands on {titles or 'no source'}",
        any(scene.source in title for title in titles) or not scene.source,
    )
    if run.outcome == HANDED_OVER:
        yield "no person leads the conversation", not run.conversation.is_with_ai


def _expected_of_lead(stage: Stage, result: Result) -> Iterable[tuple[str, bool]]:
    lead = result.lead
    yield (
        f"a lead {'is missing' if result.scene.lead else 'was made'}",
        (lead is not None) == result.scene.lead,
    )
    if lead is None:
        return
    points = sum(one.points for one in lead.contributions.all())
    yield f"its score {lead.score} is not the sum of its reasons", points == lead.score
    for record in result.crm:
        yield (
            f"{record.connection.name} is {record.get_state_display().lower()}",
            record.state == SyncRecord.State.CLEAN and record.synced_version == lead.version,
        )
    yield "a CRM knows nothing of it", len(result.crm) == CrmConnection.objects.count()
    yield "HubSpot does not have it", _is_at_hubspot(stage, result.crm)
    yield "no verified webhook told of it", _was_told(stage, lead)


def _is_at_hubspot(stage: Stage, records: list[SyncRecord]) -> bool:
    known = {contact["id"] for contact in stage.simulator.objects()}
    return any(
        record.external_id in known for record in records if record.connection.kind == "hubspot"
    )


def _was_told(stage: Stage, lead: Lead) -> bool:
    told: list[dict[str, Any]] = stage.simulator.journal(kind="hook", hook=CRM_HOOK)
    return any(
        entry["verified"] is True and lead.contact.name in entry["request"] for entry in told
    )
