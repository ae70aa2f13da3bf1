"""Who tells us things by webhook. Adding one = one module here + one line below."""

from crm.hooks.base import HookProvider
from tenants.plugins.registry import Plugin, PluginRegistry

HOOKS = PluginRegistry(
    HookProvider,
    {
        "hubspot": Plugin("HubSpot", "crm.hooks.hubspot:HubSpotHook"),
        "calendly": Plugin("Calendly", "crm.hooks.calendly:CalendlyHook"),
        "vapi": Plugin("Vapi", "crm.hooks.vapi:VapiHook"),
    },
)
