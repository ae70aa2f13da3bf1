"""Signing in at somebody else's house and coming back: what channels and CRMs have in common."""
