"""Quantities and amounts as people read them."""

from decimal import Decimal

from django.utils.formats import number_format

from tenants.meters import METERS, Meter
from tenants.money import DIGITS, USUAL_DIGITS

TINY = 6  # decimals of a unit price


def plain(amount: Decimal) -> str:
    """For programs: all its digits, and no others."""
    return f"{amount.normalize():f}"


def quantity(amount: Decimal, meter: Meter) -> str:
    """Of a meter, with as many decimals as it is told with."""
    return str(number_format(amount, meter.places, force_grouping=True))


def exact(amount: Decimal) -> str:
    """With the decimals it has."""
    places = max(-int(amount.normalize().as_tuple().exponent), 0)
    return str(number_format(amount, places, force_grouping=True))


def quantity_of(amount: Decimal, code: str) -> str:
    meter = METERS.get(code)
    return quantity(amount, meter) if meter else str(number_format(amount, 0))


def amount_in(amount: Decimal, currency: str) -> str:
    digits = DIGITS.get(currency, USUAL_DIGITS)
    return f"{currency} {number_format(amount, digits, force_grouping=True)}"


def unit_price_in(price: Decimal, currency: str) -> str:
    """A price may be a part of the smallest coin."""
    places = max(-int(price.normalize().as_tuple().exponent), DIGITS.get(currency, USUAL_DIGITS))
    return f"{currency} {number_format(price, min(places, TINY), force_grouping=True)}"
