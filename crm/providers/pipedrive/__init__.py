"""Pipedrive: persons, with their organisation, lead or deal, and note."""

from crm.providers.pipedrive.account import Pipedrive

__all__ = ["Pipedrive"]
