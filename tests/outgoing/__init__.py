"""A company's own webhooks: told once it is true, signed, again for a day, and never in vain."""
