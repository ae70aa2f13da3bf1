"""Salesforce: leads, and a task on each."""

from crm.providers.salesforce.leads import Salesforce

__all__ = ["Salesforce"]
