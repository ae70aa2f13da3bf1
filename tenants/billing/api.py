"""Usage, limits and bills for programs. Quantities and money are decimals, written as text."""

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from tenants import context
from tenants.billing.invoicing import invoice_of
from tenants.billing.models import Bill, OwnLimit
from tenants.billing.months import Month
from tenants.billing.reading import months_of, used_in
from tenants.billing.standing import change_own_limits, limits_of, own_limits
from tenants.meters import METERS, OWN
from tenants.models import Company
from tenants.plans import terms_of

QUANTITY: dict[str, Any] = {"max_digits": 26, "decimal_places": 6}
MONEY: dict[str, Any] = {"max_digits": 20, "decimal_places": 3}
MONTH = OpenApiParameter("month", OpenApiTypes.STR, description="As `2026-11`; this one.")


class UsedDaySerializer(serializers.Serializer):
    day = serializers.DateField()
    amount = serializers.DecimalField(**QUANTITY)


class UsedSerializer(serializers.Serializer):
    """Of what happens, the sum of the days; of what is there, the highest day."""

    meter = serializers.ChoiceField(choices=list(METERS))
    amount = serializers.DecimalField(**QUANTITY)
    forecast = serializers.DecimalField(**QUANTITY, help_text="At the month's end.")
    limit = serializers.DecimalField(**QUANTITY, allow_null=True)
    stops = serializers.BooleanField(help_text="At the limit the AI stops; else more is charged.")
    days = UsedDaySerializer(many=True)


class UsageSerializer(serializers.Serializer):
    month = serializers.CharField()
    time_zone = serializers.CharField(help_text="Whose months and days these are.")
    plan = serializers.CharField()
    meters = UsedSerializer(many=True)


class LineSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="A meter, or `plan`: its own price, by days.")
    used = serializers.DecimalField(**QUANTITY)
    included = serializers.DecimalField(**QUANTITY)
    over = serializers.DecimalField(**QUANTITY, help_text="Used beyond what is included.")
    per = serializers.DecimalField(**QUANTITY, help_text="For how many the unit price is.")
    unit_price = serializers.DecimalField(**QUANTITY)
    amount = serializers.DecimalField(**MONEY)


class InvoiceSerializer(serializers.Serializer):
    month = serializers.CharField(source="month.name")
    number = serializers.CharField()
    plan = serializers.CharField()
    currency = serializers.CharField()
    lines = LineSerializer(many=True)
    subtotal = serializers.DecimalField(**MONEY)
    tax_label = serializers.CharField()
    tax_percent = serializers.DecimalField(max_digits=6, decimal_places=3)
    tax = serializers.DecimalField(**MONEY)
    total = serializers.DecimalField(**MONEY)
    closed_at = serializers.DateTimeField(
        allow_null=True, help_text="From then on it does not change; null: a preview."
    )


class BillMonthSerializer(serializers.Serializer):
    month = serializers.CharField()
    is_closed = serializers.BooleanField()
    currency = serializers.CharField(allow_null=True)
    total = serializers.DecimalField(**MONEY, allow_null=True)


class LimitsSerializer(serializers.Serializer):
    """Where the AI stops in a month by the company's own wish; null is no limit."""

    ai_conversations = serializers.DecimalField(
        max_digits=20, decimal_places=0, min_value=Decimal(0), allow_null=True, required=False
    )
    ai_answers = serializers.DecimalField(
        max_digits=20, decimal_places=0, min_value=Decimal(0), allow_null=True, required=False
    )


class UsageView(APIView):
    """A month's use against its limits."""

    permission = "workspace.view_usageday"

    @extend_schema(parameters=[MONTH], responses=UsageSerializer)
    def get(self, request: Request) -> Response:
        """Every meter, day by day, with its forecast and its limit."""
        company = context.current_company()
        text = request.query_params.get("month", "")
        month = _month(text, company) if text else Month.now(company)
        terms = terms_of(company, month.first)
        limits = limits_of(terms, own_limits())
        told = {
            "month": month.name,
            "time_zone": company.time_zone,
            "plan": terms.plan.name,
            "meters": [
                {
                    "meter": code,
                    "amount": each.amount,
                    "forecast": each.forecast,
                    "limit": limits[code].amount if code in limits else None,
                    "stops": code in limits and limits[code].stops,
                    "days": [{"day": day, "amount": n} for day, n in each.days.items()],
                }
                for code, each in used_in(company, month).items()
            ],
        }
        return Response(UsageSerializer(told).data)


class BillsView(APIView):
    """The company's months, the open one first."""

    permission = "billing.view_bill"

    @extend_schema(responses=BillMonthSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Which months there are, and what the closed ones came to."""
        company = context.current_company()
        bills = {bill.month: bill for bill in Bill.objects.all()}
        told = [
            {
                "month": month.name,
                "is_closed": month.first in bills,
                "currency": bills[month.first].currency if month.first in bills else None,
                "total": bills[month.first].total if month.first in bills else None,
            }
            for month in months_of(company)
        ]
        return Response(BillMonthSerializer(told, many=True).data)


class BillView(APIView):
    """One month's bill: as it was closed, or a preview of what was used so far."""

    permission = "billing.view_bill"

    @extend_schema(responses=InvoiceSerializer)
    def get(self, request: Request, month: str) -> Response:
        """Its lines, tax and total."""
        company = context.current_company()
        try:
            asked = _month(month, company)
        except ValidationError as error:
            raise NotFound from error
        return Response(InvoiceSerializer(invoice_of(company, asked)).data)


class LimitsViewSet(GenericViewSet):
    """The company's own limits."""

    queryset = OwnLimit.objects.all()
    serializer_class = LimitsSerializer
    pagination_class = None
    filter_backends = []

    def retrieve(self, request: Request) -> Response:
        return Response(_limits())

    def partial_update(self, request: Request) -> Response:
        """Change some of them; they hold from the next answer on."""
        body = LimitsSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        change_own_limits(actor=by.actor, limits=body.validated_data)
        return Response(_limits())


def _limits() -> dict[str, Any]:
    own = own_limits()
    return dict(LimitsSerializer({code: own.get(code) for code in OWN}).data)


def _month(text: str, company: Company) -> Month:
    """One of the company's months; raises ValidationError."""
    try:
        month = Month.named(text)
    except ValueError as error:
        raise ValidationError({"month": "As 2026-11."}) from error
    if month not in months_of(company):
        raise ValidationError({"month": "The company has no such month."})
    return month
