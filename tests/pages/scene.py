"""Rows behind every page, written as the pipeline would leave them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from agents.models import (
    Experiment,
    Lesson,
    ModelCall,
    OwnIntent,
    Replay,
    ReplayTurn,
    ReplyDraft,
    Run,
    RunStep,
    ToolApproval,
)
from agents.services import versions
from channels_app import services
from channels_app.models import (
    CannedReply,
    ChannelConnection,
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    InboundEvent,
    InboxView,
    Incident,
    Label,
    Media,
    MergeSuggestion,
    Message,
    Promise,
    id_index,
)
from channels_app.services import sandboxes
from crm.models import CrmConnection, FieldConflict, FieldLedger, SyncRecord
from knowledge.models import CuratedAnswer, Document, Gap, Source, SourcePage
from knowledge.services import add_curated_answer, record_gap
from leads.models import LeadImport, StageRule, Tag, Task
from leads.services import add_task, apply_understanding, change_tags, make_tag, start_draft
from leads.services.automation import add_rule
from leads.services.importing import upload
from tenants.accounts.models import ApiKey, User
from tenants.deadletters.models import ReplayOrder
from tenants.outgoing.models import Delivery, Endpoint
from tenants.services import create_api_key
from tests.factories import (
    make_connection,
    make_contact,
    make_conversation,
    make_crm,
    make_lead,
    make_message,
    make_user,
)
from tests.outgoing.scene import make_webhook


@dataclass
class Scene:
    """What a page test asks for by name."""

    conversation: Conversation
    message: Message
    lead: Any
    document: Document
    run: Run
    draft: ReplyDraft
    lesson: Lesson
    own_intent: OwnIntent
    connection: Any
    record: SyncRecord
    member: User
    key: ApiKey
    contact: Contact
    stranger: Contact
    merge: ContactMerge
    suggestion: MergeSuggestion
    incident: Incident
    letter: str
    order: ReplayOrder
    file: Media
    web_chat: ChannelConnection
    sandbox: ChannelConnection
    rules: int
    source: Source
    curated: CuratedAnswer
    gap: Gap
    version: int
    replay: Replay
    experiment: Experiment
    approval: ToolApproval

    @property
    def inbox_view(self) -> InboxView:
        """A list that everybody here has."""
        return InboxView.objects.create(name="Waiting", is_waiting=True)

    @property
    def crm(self) -> CrmConnection:
        return self.record.connection

    @property
    def conflict(self) -> FieldConflict:
        """A field that both sides have changed; what both have is noted beside it."""
        said = {"source": "fact:role", "ours": "Owner", "theirs": "CTO", "synced": "CEO"}
        FieldLedger.objects.get_or_create(
            record=self.record, defaults={"entries": {"jobtitle": said}}
        )
        return FieldConflict.objects.get_or_create(
            record=self.record,
            field="jobtitle",
            state=FieldConflict.State.OPEN,
            defaults={"source": "fact:role", "ours": "Owner", "theirs": "CTO"},
        )[0]

    @property
    def sync_record(self) -> SyncRecord:
        self.conflict  # noqa: B018 (there is one, and what it is about)
        return self.record

    @property
    def promise(self) -> Promise:
        """An answer within the hour, wherever somebody writes."""
        return Promise.objects.get_or_create(
            connection=None, defaults={"name": "For all", "first_minutes": 60}
        )[0]

    @property
    def canned_reply(self) -> CannedReply:
        return CannedReply.objects.get_or_create(shortcut="hi", defaults={"text": "Hi {name}!"})[0]

    @property
    def task(self) -> Task:
        """Something to be done for the lead."""
        return self.lead.tasks.first() or add_task(lead=self.lead, title="Ring", actor="user:1")

    @property
    def webhook(self) -> Endpoint:
        """An address with a log."""
        return Endpoint.objects.first() or make_webhook()

    @property
    def delivery(self) -> Delivery:
        """One that was given up."""
        return self.webhook.deliveries.dead().get()

    @property
    def tag(self) -> Tag:
        """A word on the lead."""
        tag = make_tag(name="VIP", actor="user:1")
        change_tags(lead=self.lead, add=[tag], actor="user:1")
        return tag

    @property
    def rule(self) -> StageRule:
        """What happens to hot leads by itself."""
        return add_rule(when="hot", then="stage", to_stage="qualified", actor="user:1")

    @property
    def file_of_leads(self) -> LeadImport:
        """A file that was looked at and not taken yet."""
        content = b"Name,E-mail\nBob,bob@example.com\nEve,\n"
        return upload(file_name="leads.csv", content=content, actor="user:1")


def make_files(talk: Conversation) -> list[Media]:
    """A message with a picture that is here and one that the network keeps no longer."""
    said = [{"kind": "image", "name": name, "url": "https://cdn.example/a"} for name in "ab"]
    message = make_message(conversation=talk, text="", attachments=said)
    here, gone = (
        Media(message=message, position=position, kind="image", name=f"{position}.png")
        for position in range(2)
    )
    here.state, here.mime, here.width, here.height = "stored", "image/png", 40, 30
    gone.state, gone.reason = "failed", "expired"
    return Media.objects.bulk_create([here, gone])


def make_talk(number: int = 1, connection: Any = None) -> Conversation:
    """A question, an AI answer with its run, and a note."""
    connection = connection or make_connection(name=f"Shop bot {number}")
    contact = make_contact(
        name=f"Ada Byron {number}", email=f"ada{number}@example.com", phone=f"+3460000{number:04d}"
    )
    ContactIdentity.objects.create(
        contact=contact,
        platform=connection.platform,
        account_id=connection.account_id,
        external_id=f"ada-{number}",
        external_id_index=id_index(f"ada-{number}"),
        display="@ada",
    )
    now = timezone.now()
    talk = make_conversation(
        connection=connection,
        contact=contact,
        last_message_at=now,
        last_inbound_at=now,
        unread_count=1,
        preview="We need 40 chairs",
    )
    asked = make_message(
        conversation=talk,
        text="Hi, we need 40 chairs by May, budget 9000 €. Mail: ada@example.com",
        provider_time=now - timedelta(minutes=2),
    )
    run = Run.objects.create(
        conversation=talk,
        first_message=asked,
        last_message=asked,
        turn_version=1,
        status=Run.Status.DONE,
        outcome=Run.Outcome.SENT,
        due_at=now,
        started_at=now - timedelta(seconds=3),
        finished_at=now,
        intent="sales",
        confidence=0.91,
        sentiment=0.4,
        language="en",
        draft="Forty chairs are ready in two weeks.",
        sources=[{"document_id": 1, "title": "Price list", "quote": "two weeks"}],
        warnings=["score: fell back to the offline engine"],
    )
    for name in RunStep.Name.values:
        RunStep.objects.create(run=run, name=name, milliseconds=12, detail={"confidence": 0.9})
    ModelCall.objects.create(
        run=run, task="reply", provider="offline", model="rules", milliseconds=5, input_tokens=40
    )
    make_message(
        conversation=talk,
        direction=Message.Direction.OUT,
        author=Message.Author.AI,
        state=Message.State.ACCEPTED,
        text="Forty chairs are ready in two weeks.",
        run_id=run.pk,
        provider_time=now - timedelta(minutes=1),
    )
    make_message(
        conversation=talk,
        direction=Message.Direction.NOTE,
        author=Message.Author.SYSTEM,
        text="Ring her tomorrow.",
        provider_time=now,
    )
    apply_understanding(
        conversation=talk,
        message=asked,
        facts={"interest": "40 chairs", "budget": "9000 €", "email": "ada@example.com"},
        intent="sales",
        sentiment=0.4,
        quotes={"interest": "40 chairs", "budget": "budget 9000 €"},
    )
    return talk


def make_draft(talk: Conversation) -> ReplyDraft:
    """A reply that waits for approval, in other words than the AI's."""
    talk.draft_turn = talk.turn_version
    talk.save(update_fields=["draft_turn"])
    run = talk.runs.get()
    return ReplyDraft.objects.create(
        conversation=talk,
        run=run,
        turn_version=talk.turn_version,
        text="Forty chairs are ready in two weeks.",
        edited_text="Forty chairs are ready in three weeks.",
        sources=run.sources,
        reasons=["refund"],
        level="medium",
        expires_at=timezone.now() + timedelta(hours=3),
    )


def make_knowledge(document: Document) -> tuple[Source, CuratedAnswer, Gap]:
    """A site that was followed, an answer that was written, a question asked in vain."""
    source = Source.objects.create(address="https://shop.example/", status="ready", round=1)
    for path, state in (("", "taken"), ("old", "gone"), ("news", "waiting")):
        SourcePage.objects.create(
            source=source,
            address=f"https://shop.example/{path}",
            status=state,
            document=document if state == "taken" else None,
        )
    answer = add_curated_answer(
        questions=["Is there parking?", "¿Hay aparcamiento?"],
        answers={"en": "Yes, behind the house."},
    )
    gap = record_gap(origin="chat:1", text="Do you rent tents?", channel="telegram")
    assert gap is not None
    return source, answer, gap


def make_lesson() -> Lesson:
    """What a colleague wrote instead of the AI."""
    return Lesson.objects.create(
        origin="message:1",
        cause="corrected",
        question="When are the chairs ready?",
        ai_answer="In two weeks.",
        answer="In three weeks.",
        language="en",
        changed=0.3,
    )


def make_trial(run: Run) -> Replay:
    """A draft whose trial found it worse than before."""
    trial = Replay.objects.create(
        version=versions.start_draft(actor="user:1", note="drier"),
        fingerprint="f" * 64,
        status=Replay.Status.DONE,
        verdict=Replay.Verdict.REGRESSED,
        reasons=["unsupported:1"],
    )
    ReplayTurn.objects.create(
        replay=trial,
        position=1,
        run=run,
        asked={"text": "We need 40 chairs"},
        before={"outcome": "sent", "text": "We have them."},
        after={"outcome": "handed_over", "reason": "unsafe_reply", "draft": "50 % off!"},
        state=ReplayTurn.State.DONE,
        findings=["unsupported:unsupported_price"],
        is_failing=True,
    )
    return trial


def make_scene() -> Scene:
    talk = make_talk()
    InboundEvent.objects.create(
        connection=talk.connection, key="k" * 64, kind="message", body=b"{}", status="done"
    )
    label = Label.objects.create(name="VIP")
    label.conversations.add(talk)
    InboxView.objects.create(name="VIPs", label=label)
    CannedReply.objects.create(shortcut="thanks", text="Thank you, {first_name}!")
    document = Document.objects.create(
        title="Price list",
        kind="txt",
        source_name="prices.txt",
        content_hash="0" * 64,
        status=Document.Status.READY,
    )
    lead = talk.contact.lead
    # Refused before it is dialled: a page that asks a CRM gets no answer here.
    crm = make_crm(config={"token": "pat", "base_url": "http://127.0.0.1:9"})
    record, _made = SyncRecord.objects.update_or_create(
        connection=crm,
        lead=lead,
        defaults={"state": SyncRecord.State.DEAD, "error_code": "400", "error_text": "No e-mail."},
    )
    member = make_user(role="viewer")
    key, _secret = create_api_key(name="Website", role="viewer")
    stranger = make_contact(name="Ada B.", phone=talk.contact.phone)
    merge = services.merge(survivor=talk.contact, absorbed=make_contact(), actor="user:1")
    make_lead(contact=stranger)
    line = {"key": "phone", "value": stranger.phone, "grade": "proven"}
    suggestion = MergeSuggestion.objects.create(
        one=talk.contact,
        other=stranger,
        evidence=[{**line, "here": "telegram", "there": "whatsapp"}],
    )
    incident = Incident.objects.create(
        kind=Incident.Kind.UNANSWERED,
        connection=talk.connection,
        conversation=talk,
        cause="run_stuck",
        since=timezone.now() - timedelta(minutes=20),
    )
    trial = make_trial(talk.runs.get())
    return Scene(
        talk,
        talk.messages.all()[0],
        lead,
        document,
        talk.runs.get(),
        make_draft(talk),
        make_lesson(),
        OwnIntent.objects.create(key="wholesale", name="Wholesale", examples=["a", "b"]),
        talk.connection,
        record,
        member,
        key,
        talk.contact,
        stranger,
        merge,
        suggestion,
        incident,
        f"crm-{record.pk}",
        ReplayOrder.objects.create(kind="crm", total=3, done=1, ordered_by="user:1"),
        make_files(talk)[1],
        make_connection(platform="webchat", name="Website", webhook_token="website"),
        sandboxes.open_sandbox(platform="telegram"),
        start_draft(actor="user:1", note="More for a budget").number,
        *make_knowledge(document),
        trial.version.number,
        trial,
        Experiment.objects.create(control=0, variant=trial.version.number),
        ToolApproval.objects.create(
            tool="update_lead",
            arguments={"facts": {"budget": "900"}},
            conversation_id=talk.pk,
            asked_by="key:mcp",
            expires_at=timezone.now() + timedelta(hours=1),
        ),
    )
