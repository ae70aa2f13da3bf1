"""What we ask a network's permission for, and what does not work without each of them.

Asked for when somebody signs in; compared by the doctor with what the network says we hold.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

VERSION = "2026-11-20"


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission by the network's own name. Without an ``is_required`` one we do not begin."""

    name: str
    breaks: str
    is_required: bool = True

    @property
    def consequence(self) -> str:
        return _(self.breaks)


# Platform, or ``<platform>:<way of signing in>`` where that decides.
# https://developers.facebook.com/docs/permissions
# https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
# https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
# https://learn.microsoft.com/en-us/linkedin/marketing/increasing-access
# https://business-api.tiktok.com/portal/docs?id=1753986142651394
# https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
# https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
SCOPES: dict[str, tuple[Scope, ...]] = {
    "messenger": (
        Scope("pages_show_list", gettext_noop("We cannot see which pages are yours.")),
        Scope("pages_messaging", gettext_noop("Messages can be neither read nor answered.")),
        Scope(
            "pages_manage_metadata",
            gettext_noop("The network sends us no webhooks: nothing comes in."),
        ),
        Scope(
            "pages_read_engagement",
            gettext_noop("We do not see the page's own posts and their comments."),
            is_required=False,
        ),
        Scope(
            "pages_read_user_content",
            gettext_noop("We do not see what visitors comment, post or rate."),
            is_required=False,
        ),
        Scope(
            "pages_manage_engagement",
            gettext_noop("Comments can be neither answered nor hidden."),
            is_required=False,
        ),
    ),
    "instagram": (
        Scope("pages_show_list", gettext_noop("We cannot see which pages are yours.")),
        Scope("instagram_basic", gettext_noop("We cannot see which Instagram account it is.")),
        Scope(
            "instagram_manage_messages",
            gettext_noop("Messages can be neither read nor answered."),
        ),
        Scope(
            "pages_manage_metadata",
            gettext_noop("The network sends us no webhooks: nothing comes in."),
        ),
        Scope(
            "instagram_manage_comments",
            gettext_noop("Comments can be neither read, answered nor hidden."),
            is_required=False,
        ),
    ),
    "instagram:instagram": (
        Scope(
            "instagram_business_basic",
            gettext_noop("We cannot see which Instagram account it is."),
        ),
        Scope(
            "instagram_business_manage_messages",
            gettext_noop("Messages can be neither read nor answered."),
        ),
        Scope(
            "instagram_business_manage_comments",
            gettext_noop("Comments can be neither read, answered nor hidden."),
            is_required=False,
        ),
    ),
    "whatsapp": (
        Scope(
            "whatsapp_business_messaging",
            gettext_noop("Messages can be neither read nor answered."),
        ),
        Scope(
            "whatsapp_business_management",
            gettext_noop("We see neither your numbers nor your templates, and get no webhooks."),
        ),
    ),
    "x": (
        Scope("users.read", gettext_noop("We cannot see whose account it is.")),
        Scope("tweet.read", gettext_noop("We do not see where you are mentioned.")),
        Scope("dm.read", gettext_noop("Direct messages do not come in.")),
        Scope("dm.write", gettext_noop("Direct messages cannot be answered.")),
        Scope("offline.access", gettext_noop("Our access ends after two hours.")),
        Scope("tweet.write", gettext_noop("Mentions cannot be answered."), is_required=False),
        Scope("media.write", gettext_noop("Files cannot be sent."), is_required=False),
    ),
    "linkedin": (
        Scope(
            "rw_organization_admin",
            gettext_noop("We see neither your pages nor what happens on them."),
        ),
        Scope("r_organization_social", gettext_noop("Comments do not come in.")),
        Scope("w_organization_social", gettext_noop("Comments cannot be answered.")),
    ),
    "tiktok": (
        Scope("user.info.basic", gettext_noop("We cannot see whose account it is.")),
        Scope("message.list.read", gettext_noop("Direct messages do not come in.")),
        Scope("message.list.send", gettext_noop("Direct messages cannot be answered.")),
        Scope("message.list.manage", gettext_noop("Files cannot be sent."), is_required=False),
        Scope("comment.list", gettext_noop("Comments do not come in."), is_required=False),
        Scope(
            "comment.list.manage", gettext_noop("Comments cannot be answered."), is_required=False
        ),
    ),
    "email:google": (
        Scope("https://mail.google.com/", gettext_noop("Letters can be neither read nor sent.")),
    ),
    "email:microsoft": (
        Scope(
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            gettext_noop("Letters do not come in."),
        ),
        Scope("https://outlook.office.com/SMTP.Send", gettext_noop("Letters cannot be sent.")),
    ),
}


def scopes_of(platform: str, sign_in: str = "") -> tuple[Scope, ...]:
    """What this platform needs, by this way of signing in."""
    return SCOPES.get(f"{platform}:{sign_in}") or SCOPES.get(platform, ())


def missing(platform: str, sign_in: str, granted: Collection[str]) -> tuple[Scope, ...]:
    """What was not granted; nothing where we do not know what was."""
    if not granted:
        return ()
    return tuple(scope for scope in scopes_of(platform, sign_in) if scope.name not in granted)
