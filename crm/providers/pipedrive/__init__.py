"""Pipedrive: persons, with their organisation, lead and note."""

from crm.providers.pipedrive.persons import Pipedrive

__all__ = ["Pipedrive"]
