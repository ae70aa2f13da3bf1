"""The sample data's leads: scored from what their conversations say, by the rules in force."""

from channels_app.models import Message
from channels_app.services.samples import sample_conversation, sample_conversations
from leads.models import Lead
from leads.notices import HOT_LEAD, TASK_DUE
from leads.services.understanding import apply_understanding
from leads.services.work import set_stage
from tenants.notices.models import Notice
from tenants.samples.parts import Part, register
from tenants.samples.story import TALKS

BY_KEY = {talk.key: talk for talk in TALKS if talk.facts}


@register
class Leads(Part):
    order = 30

    def units(self) -> list[str]:
        return list(BY_KEY)

    def load(self, unit: str) -> None:
        talk = BY_KEY[unit]
        conversation = sample_conversation(talk)
        if conversation is None or Lead.objects.filter(contact=conversation.contact_id).exists():
            return
        *earlier, last = conversation.messages.filter(direction=Message.Direction.IN)
        lead = apply_understanding(
            conversation=conversation,
            message=last,
            burst=earlier,
            facts={name: value for name, (value, _words) in talk.facts.items()},
            quotes={name: words for name, (_value, words) in talk.facts.items()},
            intent=talk.intent,
            sentiment=talk.sentiment,
        )
        if lead is not None and talk.stage:
            set_stage(lead=lead, stage=talk.stage, actor="system")

    def remove(self) -> None:
        people = sample_conversations().values("contact")
        leads = Lead.everything.filter(contact__in=people)
        told = Notice.objects.filter(kind__in=[HOT_LEAD.name, TASK_DUE.name])
        told.filter(subject__in=leads.values("pk")).delete()
        leads.delete()
