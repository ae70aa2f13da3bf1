"""What the platform's own people do about companies: look after them, visit, suspend, erase.

Superusers of the public schema only, on the public host; each deed goes into the audit log of
both sides, with a reason.
"""
