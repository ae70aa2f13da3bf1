"""Arithmetic of money: exact, rounded once a line, and never a float."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import money
from tenants.billing.invoicing import charged
from tenants.meters import METERS
from tenants.models import Plan, TariffLine
from tenants.plans import Terms

D = Decimal
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "USD"])
QUANTITIES = st.decimals(0, 10**12, places=6)
PRICES = st.decimals(0, 10**6, places=6)
PER = st.decimals("0.000001", 10**6, places=6)
LINES = st.dictionaries(
    st.sampled_from(sorted(METERS)),
    st.builds(TariffLine, included=QUANTITIES, unit_price=PRICES, per=PER),
)


@given(lines=LINES, used=st.dictionaries(st.sampled_from(sorted(METERS)), QUANTITIES),
       currency=CURRENCIES, percent=st.decimals(0, 100, places=3))  # fmt: skip
def test_the_lines_are_the_total_to_the_last_coin(lines, used, currency, percent):
    terms = Terms(plan=Plan(name="P"), currency=currency, lines=lines)
    found = charged(terms, used)
    subtotal = money.total(line.amount for line in found)
    tax = money.tax_on(subtotal, percent=percent, currency=currency)

    coin = D(1).scaleb(-money.DIGITS.get(currency, 2))
    assert [line.code for line in found] == list(lines)
    for line in found:
        assert isinstance(line.amount, Decimal)
        assert line.amount % coin == 0
        assert line.amount >= 0
        if line.used <= line.included:
            assert line.amount == 0
    # In whole coins there is nothing left to round: plain integers come to the same.
    assert int(subtotal / coin) == sum(int(line.amount / coin) for line in found)
    assert subtotal == money.total(line.amount for line in reversed(found))
    assert abs(tax - subtotal * percent / 100) <= coin / 2


@given(over=QUANTITIES, more=QUANTITIES, price=PRICES, per=PER, currency=CURRENCIES)
def test_more_never_costs_less(over, more, price, per, currency):
    asked = {"unit_price": price, "per": per, "currency": currency}
    assert money.charge(over + more, **asked) >= money.charge(over, **asked)


@pytest.mark.parametrize(
    ("over", "price", "per", "currency", "amount"),
    [
        (D(1), D("0.005"), D(1), "EUR", "0.01"),  # half a cent is one
        (D(1), D("0.0049"), D(1), "EUR", "0.00"),
        (D(1500), D(2), D(1000), "EUR", "3.00"),  # a part of a thousand costs its part
        (D(3), D("0.335"), D(1), "JPY", "1"),
        (D(1), D("0.0005"), D(1), "KWD", "0.001"),
        (D(10) ** 13, D("999999.999999"), D("0.000001"), "EUR", "9999999999990000000000000.00"),
    ],
)
def test_what_things_cost(over, price, per, currency, amount):
    assert str(money.charge(over, unit_price=price, per=per, currency=currency)) == amount
