"""Which month is looked at, and where the company wants the AI to stop."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from tenants.billing.models import OwnLimit
from tenants.meters import METERS, OWN


class LimitsForm(forms.Form):
    """One field a meter that can be stopped; an empty one is no limit."""

    def __init__(self, *args: Any, limits: Mapping[str, Decimal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount = OwnLimit._meta.get_field("amount")
        for code in OWN:
            meter = METERS[code]
            self.fields[code] = forms.DecimalField(
                label=meter.label,
                required=False,
                min_value=0,
                max_digits=amount.max_digits,
                decimal_places=meter.places,
                initial=_shown(limits.get(code)),
            )

    @property
    def limits(self) -> dict[str, Decimal | None]:
        return {code: self.cleaned_data.get(code) for code in OWN}


def _shown(amount: Decimal | None) -> str:
    return f"{amount.normalize():f}" if amount is not None else ""
