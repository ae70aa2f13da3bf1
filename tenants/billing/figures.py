"""How many people the team has."""

from collections.abc import Iterable

from tenants.accounts.models import User
from tenants.figures.sources import Count, Level, count_with


@count_with
class Team(Level):
    """People who can sign in."""

    name = "team"
    kinds = ("seats",)

    def measure(self) -> Iterable[Count]:
        yield Count("seats", n=User.objects.filter(is_active=True).count())
