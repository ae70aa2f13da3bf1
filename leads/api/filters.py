"""What leads can be asked for by."""

import django_filters
from django.db.models import Q, QuerySet

from leads.models import Lead
from tenants import crypto


class LeadFilter(django_filters.FilterSet):
    email = django_filters.CharFilter(method="with_email", label="The exact e-mail address.")
    tag = django_filters.CharFilter(
        field_name="tags__name", lookup_expr="iexact", label="The name of a tag."
    )

    class Meta:
        model = Lead
        fields = {
            "tier": ["exact"],
            "stage": ["exact"],
            "owner": ["exact", "isnull"],
            "score": ["gte", "lte"],
            "updated_at": ["gte"],
        }

    def with_email(self, leads: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        """Whether they told us or the network did."""
        index = crypto.blind_index(value)
        return leads.filter(Q(email_index=index) | Q(contact__email_index=index))
