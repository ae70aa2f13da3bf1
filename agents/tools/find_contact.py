from typing import Any

from pydantic import Field, model_validator

from agents.tools.base import Arguments, Occasion, Tool
from channels_app.models import Contact
from tenants import crypto

MOST = 10


class Whom(Arguments):
    id: int | None = Field(default=None, ge=1)
    email: str = Field(default="", max_length=254, description="The exact address.")
    phone: str = Field(default="", max_length=40, description="The exact number, as +34…")

    @model_validator(mode="after")
    def _says_something(self) -> "Whom":
        if not (self.id or self.email or self.phone):
            raise ValueError("Give an id, an e-mail address or a phone number.")
        return self


class FindContact(Tool[Whom]):
    """Personal data is encrypted, so it is found by exact values only."""

    description = "Find the people who write to the company, by id, exact e-mail or phone."
    permission = "channels_app.view_contact"
    arguments = Whom

    def run(self, given: Whom, occasion: Occasion) -> dict[str, Any]:
        rows = Contact.objects.filter(absorbed_into=None)
        if given.id:
            rows = rows.filter(pk=given.id)
        if given.email:
            rows = rows.filter(email_index=crypto.blind_index(given.email))
        if given.phone:
            rows = rows.filter(phone_index=crypto.blind_index(given.phone))
        return {"contacts": [_told(row) for row in rows.order_by("-pk")[:MOST]]}


def _told(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.pk,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "language": contact.language,
        "is_blocked": contact.is_blocked,
        "has_opted_out": contact.has_opted_out,
        "conversations": list(
            contact.conversations.order_by("-pk").values_list("pk", flat=True)[:MOST]
        ),
    }
