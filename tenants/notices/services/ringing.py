"""Telling a worker that notices are due."""

from tenants.ringing import ring_now


def ring_pushes() -> None:
    ring_now("outgoing", "push_notices")


def ring_mails() -> None:
    ring_now("upkeep", "mail_notices")
