"""HubSpot: contacts, and the company, deal and note beside each."""

from crm.providers.hubspot.contacts import HubSpot

__all__ = ["HubSpot"]
