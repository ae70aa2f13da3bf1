"""The ground floor's own line in the first steps."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.accounts.models import User
from tenants.cards import Step, offer

# Words of the rows, for the translators; templates show them by ``told``.
WORDS = (
    gettext_noop("Admin"),
    gettext_noop("Agent"),
    gettext_noop("Viewer"),
)


@offer("dashboard.steps", order=60, permission="accounts.view_user")
def invite_step() -> list[Step]:
    return [
        Step(
            _("Invite your team"),
            _("Agents answer and work on leads; viewers only read."),
            reverse("workspace:team"),
            _("Invite"),
            User.objects.count() > 1,
        )
    ]
