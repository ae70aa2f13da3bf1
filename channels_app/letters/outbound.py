"""Messages of ours that did not get through."""

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_app.models import Message
from channels_app.services.resending import (
    UNKNOWN_DELIVERY,
    confirm_arrival,
    dead_messages,
    let_go,
    send_again,
)
from tenants.deadletters.boxes import Letter, Payload, Replayed, register
from tenants.deadletters.rows import RowsBox


@register
class OutboundBox(RowsBox):
    """A message whose fate is unknown is not sent again before a person has looked."""

    kind = "outbound"
    order = 20
    label = gettext_lazy("Was to go out")
    sees = "channels_app.view_message"
    replays = "channels_app.add_message"
    discards = "channels_app.add_message"
    settles = True
    reason, platform, at = "error_code", "connection__platform", "state_at"

    def dead(self) -> QuerySet[Any]:
        return dead_messages()

    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("connection").only(*SHOWN)

    def letter(self, row: Any) -> Letter:
        is_unknown = row.error_code == UNKNOWN_DELIVERY
        return Letter(
            kind=self.kind,
            id=str(row.pk),
            reason=row.error_code,
            text=row.error_text or row.error_code,
            at=row.state_at,
            first_at=row.received_at,
            attempts=row.attempts,
            platform=row.connection.platform,
            source=row.connection.name,
            about=row.author,
            url=reverse("channels_app:conversation", args=[row.conversation_id]),
            doubt=REFUSALS[UNKNOWN_DELIVERY]() if is_unknown else "",
        )

    def payload(self, letter_id: str) -> Payload:
        row = Message.objects.select_related("conversation__contact").get(pk=letter_id)
        content = {
            "to": str(row.conversation.contact),
            "text": row.text,
            "attachments": row.attachments,
            "template": row.template,
            "private answer": row.is_private,
            "reference": str(row.reference),
        }
        return Payload(json.dumps(content, ensure_ascii=False), "json")

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        outcome = Replayed()
        chosen = [int(each) for each in ids if self.reads(each)]
        outcome.done, kept = send_again(ids=chosen, sure=sure)
        for pk, code in kept.items():
            outcome.refuse(str(pk), code, REFUSALS[code]())
        return outcome

    def discard(self, ids: Sequence[str]) -> int:
        return let_go(ids=[int(each) for each in ids if self.reads(each)])

    def settle(self, letter_id: str) -> bool:
        return self.reads(letter_id) and confirm_arrival(message_id=int(letter_id))


REFUSALS = {
    UNKNOWN_DELIVERY: lambda: _("It may have arrived. Look first, then say whether it did."),
    "conversation_moved_on": lambda: _("The conversation moved on; write anew."),
    "private_reply_used": lambda: _("The comment was answered in private already."),
}
SHOWN = (
    *("error_code", "error_text", "state_at", "received_at", "attempts", "author"),
    *("conversation_id", "connection__platform", "connection__name"),
)
