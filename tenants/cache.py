"""Cache keys that carry the company."""

from tenants import context


def company_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION: the schema stands in every key."""
    return context.scoped("cache", version, key_prefix, key)
