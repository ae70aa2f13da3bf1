"""A stand-in for the vendors, on loopback: answers, signs, re-delivers and fails as documented.

Meta (Messenger, WhatsApp Cloud), Telegram, HubSpot, OpenAI, Anthropic, and a receiver for
outgoing webhooks. It shares no code with us, so that a mistake of ours is not repeated here and
thereby proved right. ``/_sim/`` sets accounts, faults and behaviour and shows the journal.
"""
