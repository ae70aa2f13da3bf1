"""The CRMs we sync to. Adding one = one module here + one line below."""

from crm.providers.base import CrmProvider
from tenants.plugins.registry import Plugin, PluginRegistry

CRMS = PluginRegistry(
    CrmProvider,
    {
        "hubspot": Plugin("HubSpot", "crm.providers.hubspot:HubSpot"),
        "salesforce": Plugin("Salesforce", "crm.providers.salesforce:Salesforce"),
        "pipedrive": Plugin("Pipedrive", "crm.providers.pipedrive:Pipedrive"),
        "webhook": Plugin("Signed webhook", "crm.providers.webhook:SignedWebhook"),
    },
)
