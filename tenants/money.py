"""What things cost: exact decimals, rounded once a line, never a float."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext

# ISO 4217's minor units where they are not two.
DIGITS = {
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF"), 0),
}
USUAL_DIGITS = 2
PRECISION = 60  # digits: nothing of a product is lost before it is rounded
ZERO = Decimal(0)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's smallest coin, half of one up."""
    with localcontext() as exact:
        exact.prec = PRECISION
        coin = Decimal(1).scaleb(-DIGITS.get(currency, USUAL_DIGITS))
        return amount.quantize(coin, ROUND_HALF_UP)


def beyond(used: Decimal, included: Decimal) -> Decimal:
    """How much of what was used the plan does not hold."""
    return max(used - included, ZERO)


def charge(over: Decimal, *, unit_price: Decimal, per: Decimal, currency: str) -> Decimal:
    """What so much costs at this price for so many; a part of them costs its part."""
    with localcontext() as exact:
        exact.prec = PRECISION
        return rounded(over * unit_price / per, currency)


def part(amount: Decimal, *, days: int, of: int, currency: str) -> Decimal:
    """The share of a month's price that so many of its days bear."""
    return charge(Decimal(days), unit_price=amount, per=Decimal(of), currency=currency)


def tax_on(subtotal: Decimal, *, percent: Decimal, currency: str) -> Decimal:
    return charge(subtotal, unit_price=percent, per=Decimal(100), currency=currency)


def total(amounts: Iterable[Decimal]) -> Decimal:
    with localcontext() as exact:
        exact.prec = PRECISION
        return sum(amounts, ZERO)
