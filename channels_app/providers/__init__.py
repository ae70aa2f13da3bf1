"""The messaging networks we speak. Adding one = one module here + one line below."""

from channels_app.providers.base import ChannelProvider
from tenants.plugins.registry import Plugin, PluginRegistry

CHANNELS = PluginRegistry(
    ChannelProvider,
    {
        "messenger": Plugin("Facebook page", "channels_app.providers.messenger:Messenger"),
        "instagram": Plugin("Instagram", "channels_app.providers.instagram:Instagram"),
        "whatsapp": Plugin("WhatsApp", "channels_app.providers.whatsapp:WhatsApp"),
        "telegram": Plugin("Telegram", "channels_app.providers.telegram:Telegram"),
        "x": Plugin("X", "channels_app.providers.x:X"),
        "linkedin": Plugin("LinkedIn Page", "channels_app.providers.linkedin:LinkedIn"),
        "tiktok": Plugin("TikTok", "channels_app.providers.tiktok:TikTok"),
        "twilio": Plugin("SMS by Twilio", "channels_app.providers.twilio:Twilio"),
        "twilio_whatsapp": Plugin(
            "WhatsApp by Twilio", "channels_app.providers.twilio:TwilioWhatsApp"
        ),
        "email": Plugin("E-mail", "channels_app.providers.email.channel:Email"),
        "webchat": Plugin("Web chat", "channels_app.providers.webchat:WebChat"),
        "form": Plugin("Website form", "channels_app.providers.form:WebForm"),
        "custom": Plugin("Signed webhook", "channels_app.providers.custom:Custom"),
    },
)
