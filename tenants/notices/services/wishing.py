"""How a person wants to be told."""

from collections.abc import Mapping
from typing import Any

from tenants.accounts.models import User
from tenants.notices.kinds import Wish
from tenants.notices.models import NoticeHabits
from tenants.notices.services.team import forget_team


def habits_of(user: User) -> NoticeHabits:
    """As they said, or as usual."""
    return NoticeHabits.objects.filter(user=user).first() or NoticeHabits(user=user)


def set_habits(
    *, user: User, wishes: Mapping[str, Wish] | None = None, **given: Any
) -> NoticeHabits:
    """Change what is given of it; ``wishes`` of the kinds that are named."""
    if wishes is not None:
        known = habits_of(user).wishes
        given["wishes"] = known | {name: wish.as_json() for name, wish in wishes.items()}
    habits, _is_new = NoticeHabits.objects.update_or_create(user=user, defaults=given)
    forget_team()
    return habits
