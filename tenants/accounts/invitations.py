"""The link by which somebody who was invited chooses a password."""

from allauth.account import app_settings as allauth_settings
from allauth.account.internal.flows.password_reset import get_reset_password_from_key_url
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from tenants import context
from tenants.accounts.models import User


def send_invitation(request: HttpRequest, user: User) -> str:
    """Mail it, and return it too, for where no mail arrives."""
    token = allauth_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    link = str(get_reset_password_from_key_url(request, f"{user_pk_to_url_str(user)}-{token}"))
    company = context.current_company()
    send_mail(
        _("Join %(company)s on Leadwire") % {"company": company.name},
        render_to_string(
            "workspace/invitation.txt",
            {"link": link, "company": company.name, "inviter": request.user},
        ),
        None,
        [user.email],
    )
    return link
