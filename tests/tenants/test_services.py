"""Opening a company."""

import pytest
from django.core.exceptions import ValidationError

from tenants import context
from tenants.accounts.models import User
from tenants.models import Company, Domain
from tenants.services import open_company


def valid(**changes):
    return {
        "name": "Blue Door",
        "subdomain": "blue-door",
        "admin_email": "Ana@Blue.Example",
        "password": "correct horse battery",
        **changes,
    }


def test_a_company_gets_a_schema_a_domain_and_its_first_admin(public):
    made = open_company(**valid())

    assert Domain.objects.get(tenant=made.company).domain == "blue-door.localhost"
    with context.inside(made.company):
        assert User.objects.get().email == "ana@blue.example"
        assert User.objects.get().role == "admin"
    assert User.objects.filter(email="ana@blue.example").count() == 0  # not in public


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subdomain": "north"}, "subdomain"),
        ({"subdomain": "www"}, "subdomain"),
        ({"subdomain": "Up-Case"}, "subdomain"),
        ({"subdomain": 'a"; DROP SCHEMA public'}, "subdomain"),
        ({"subdomain": "pg-toast"}, "subdomain"),
        ({"name": "  "}, "name"),
        ({"admin_email": "nobody"}, "admin_email"),
        ({"password": "123"}, "password"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
    ],
)
def test_what_cannot_be_opened_names_its_field_and_makes_nothing(public, changes, field):
    before = Company.objects.count()

    with pytest.raises(ValidationError) as refused:
        open_company(**valid(**changes))

    assert field in refused.value.message_dict
    assert Company.objects.count() == before
