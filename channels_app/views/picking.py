"""The template picker beside the composer: which templates there are, and the one being filled."""

from dataclasses import dataclass

from channels_app.forms import TemplateForm
from channels_app.models import Conversation, MessageTemplate
from channels_app.services.templates import offered
from tenants.accounts.http import AuthenticatedRequest


@dataclass(frozen=True, slots=True)
class Picker:
    """The templates on offer, the one that is being filled, and why it was not sent, if any."""

    offered: list[MessageTemplate]
    form: TemplateForm | None = None
    error: str = ""
    is_open: bool = True

    @property
    def is_refused(self) -> bool:
        return bool(self.error or (self.form is not None and self.form.is_bound))


def picker_of(request: AuthenticatedRequest, opened: Conversation) -> Picker | None:
    """None where the network has no templates."""
    if not opened.capabilities.sends_templates:
        return None
    found = offered(opened)
    chosen = request.GET.get("template", "")
    template = next((each for each in found if str(each.pk) == chosen), None)
    form = TemplateForm(template, initial=request.GET.dict()) if template else None
    return Picker(found, form, is_open="template" in request.GET)
