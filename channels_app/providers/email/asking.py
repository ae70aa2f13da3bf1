"""What a company tells us about its mailbox."""

from django import forms
from django.utils.translation import gettext_lazy as _

INBOUND = [
    ("imap", _("A mailbox, by IMAP")),
    ("postmark", "Postmark"),
    ("mailgun", "Mailgun"),
    ("sendgrid", "SendGrid"),
    ("resend", "Resend"),
    ("ses", "Amazon SES"),
    ("brevo", "Brevo"),
]
SECURITY = [("tls", "TLS"), ("starttls", "STARTTLS"), ("none", _("None"))]
PASSWORD = forms.PasswordInput


class MailboxForm(forms.Form):
    """Which fields matter depends on the two ways chosen."""

    inbound = forms.ChoiceField(label=_("Letters come by"), choices=INBOUND, required=False)
    webhook_secret = forms.CharField(
        label=_("Webhook secret"), widget=PASSWORD, max_length=500, required=False
    )
    topic_arn = forms.RegexField(
        r"\Aarn:aws[a-z-]*:sns:[a-z0-9-]{3,30}:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?\Z",
        label=_("SNS topic of Amazon SES (its ARN)"),
        max_length=400,
        required=False,
    )
    outbound = forms.ChoiceField(
        label=_("Letters leave by"),
        choices=[("smtp", _("A mail server, by SMTP")), ("resend", "Resend")],
        required=False,
    )
    api_key = forms.CharField(
        label=_("API key of Resend"), widget=PASSWORD, max_length=500, required=False
    )
    sender_name = forms.CharField(label=_("Sender's name"), max_length=100, required=False)
    subject = forms.CharField(label=_("Subject, where we begin"), max_length=200, required=False)
    trusted_server = forms.CharField(
        label=_("Server whose SPF and DKIM results we believe"), max_length=200, required=False
    )
    imap_host = forms.CharField(label=_("IMAP server"), max_length=200, required=False)
    imap_port = forms.IntegerField(
        label=_("IMAP port"), min_value=1, max_value=65_535, required=False
    )
    imap_security = forms.ChoiceField(label=_("IMAP encryption"), choices=SECURITY, required=False)
    imap_user = forms.CharField(label=_("IMAP user"), max_length=200, required=False)
    imap_password = forms.CharField(
        label=_("IMAP password"), widget=PASSWORD, max_length=500, required=False
    )
    imap_folder = forms.CharField(label=_("IMAP folder"), max_length=200, required=False)
    smtp_host = forms.CharField(label=_("SMTP server"), max_length=200, required=False)
    smtp_port = forms.IntegerField(
        label=_("SMTP port"), min_value=1, max_value=65_535, required=False
    )
    smtp_security = forms.ChoiceField(label=_("SMTP encryption"), choices=SECURITY, required=False)
    smtp_user = forms.CharField(label=_("SMTP user"), max_length=200, required=False)
    smtp_password = forms.CharField(
        label=_("SMTP password"), widget=PASSWORD, max_length=500, required=False
    )
