"""The ways of signing in at a CRM (OAuth 2). Adding one = one module here + one line below."""

from crm.sign_ins.base import CrmSignIn
from tenants.plugins.registry import Plugin, PluginRegistry

SIGN_INS = PluginRegistry(
    CrmSignIn,
    {
        "hubspot": Plugin("HubSpot", "crm.sign_ins.hubspot:HubSpotSignIn"),
        "salesforce": Plugin("Salesforce", "crm.sign_ins.salesforce:SalesforceSignIn"),
        "salesforce-sandbox": Plugin(
            "Salesforce Sandbox", "crm.sign_ins.salesforce:SalesforceSandboxSignIn"
        ),
        "pipedrive": Plugin("Pipedrive", "crm.sign_ins.pipedrive:PipedriveSignIn"),
    },
)


def ways_into(crm: str) -> list[str]:
    """The kinds of sign-in by which this CRM can be connected, the usual one first."""
    return [kind for kind in SIGN_INS if SIGN_INS.get(kind).crm == crm]
