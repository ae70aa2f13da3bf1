"""Somebody of the company on their way through a CRM's consent page, and back."""

from django.db import models

from crm.models.syncing import CrmConnection
from tenants.sign_ins.attempts import Attempt


class CrmSignInAttempt(Attempt):
    """One way to a CRM and back."""

    # The connection whose access they renew, if it is not a new one; the one that came of it.
    connection = models.ForeignKey(
        CrmConnection, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    def __str__(self) -> str:
        return self.kind
