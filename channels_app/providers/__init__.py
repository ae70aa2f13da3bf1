"""The messaging networks we speak. Adding one = one module here + one line below."""

from channels_app.providers.base import ChannelProvider
from tenants.plugins.registry import Plugin, PluginRegistry

CHANNELS = PluginRegistry(
    ChannelProvider,
    {
        "messenger": Plugin("Facebook Messenger", "channels_app.providers.messenger:Messenger"),
        "whatsapp": Plugin("WhatsApp", "channels_app.providers.whatsapp:WhatsApp"),
        "telegram": Plugin("Telegram", "channels_app.providers.telegram:Telegram"),
        "custom": Plugin("Signed webhook", "channels_app.providers.custom:Custom"),
    },
)
