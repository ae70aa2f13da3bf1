"""When two addresses that networks vouch for are one and the same. Pure text.

Networks write one number in several ways. WhatsApp's ids keep digits that a call from abroad
does not need, and miss one that Brazil has added since:
https://faq.whatsapp.com/1294841057948784 (Argentina and Mexico) and
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/phone-numbers (Brazil).
"""

import re

PHONE = "phone"
EMAIL = "email"
SHORTEST_PHONE = 8  # with its country code; anything shorter is a short code, and nobody's own

MEXICO = re.compile(r"521(\d{10})")
ARGENTINA = re.compile(r"549(\d{10})")
# An old mobile number: area code, then eight digits that begin with 6 to 9.
BRAZIL = re.compile(r"55(\d{2})([6-9]\d{7})")


def comparable_phone(number: str) -> str:
    """Digits with the country code, in one form for each line; empty if that cannot be."""
    digits = "".join(each for each in number if each.isascii() and each.isdigit())
    if len(digits) < SHORTEST_PHONE or len(digits) > 15:
        return ""
    if found := MEXICO.fullmatch(digits):
        return f"52{found[1]}"
    if found := ARGENTINA.fullmatch(digits):
        return f"54{found[1]}"
    if found := BRAZIL.fullmatch(digits):
        return f"55{found[1]}9{found[2]}"
    return digits


def comparable_email(address: str) -> str:
    """The address as everybody compares it: without regard to case, tags and dots kept.

    What stands before the @ is its server's own business (RFC 5321, section 2.3.11).
    """
    folded = address.strip().casefold()
    name, _, host = folded.rpartition("@")
    return folded if name and "." in host else ""
