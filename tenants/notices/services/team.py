"""Who there is to be told, and how they want it: remembered for some seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, OuterRef

from tenants import context
from tenants.accounts import roles
from tenants.accounts.models import User
from tenants.moments import Memory
from tenants.notices.kinds import Kind, Mail, Wish
from tenants.notices.models import NoticeHabits, PushDevice

MOST = 500  # beyond that many people a company tells single ones only


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works here, as far as telling them goes."""

    pk: int
    role: str
    zone: ZoneInfo
    habits: NoticeHabits
    has_device: bool

    def may(self, kind: Kind) -> bool:
        return roles.allows(self.role, kind.permission)

    def wish(self, kind: Kind) -> Wish:
        return kind.wish_in(self.habits.wishes)

    def awake(self, at: datetime) -> datetime:
        """That moment, or the end of the quiet hours that it lies in."""
        start, end = self.habits.quiet_from, self.habits.quiet_to
        if start is None or end is None or start == end:
            return at
        local = at.astimezone(self.zone)
        clock = local.time().replace(tzinfo=None)
        is_quiet = start <= clock < end if start < end else clock >= start or clock < end
        return _next(local, end) if is_quiet else at

    def mail_at(self, wish: Wish, now: datetime) -> datetime | None:
        if wish.mail == Mail.SOON:
            return self.awake(now + timedelta(minutes=self.habits.mail_after))
        if wish.mail == Mail.DAILY:
            return _next(now.astimezone(self.zone), time(self.habits.digest_hour))
        return None

    def push_at(self, wish: Wish, now: datetime) -> datetime | None:
        return self.awake(now) if wish.push and self.has_device else None


def _next(local: datetime, clock: time) -> datetime:
    """When it is that late next; a local day has 23 hours at times, so the clock is set anew."""
    today = local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return today if today > local else today + timedelta(days=1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _read() -> dict[int, Member]:
    users = (
        User.objects.filter(is_active=True)
        .select_related("notice_habits")
        .annotate(has_device=Exists(PushDevice.objects.filter(user=OuterRef("pk"))))
        .order_by("pk")[:MOST]
    )
    house = context.current_company().time_zone
    return {
        user.pk: Member(
            pk=user.pk,
            role=user.role,
            zone=_zone(user.time_zone or house),
            habits=getattr(user, "notice_habits", None) or NoticeHabits(user_id=user.pk),
            has_device=user.has_device,
        )
        for user in users
    }


_team = Memory(_read)


def team() -> dict[int, Member]:
    return _team()


def forget_team() -> None:
    """Somebody's wishes have just changed."""
    _team.forget()


def members(kind: Kind, people: Iterable[int] | None) -> list[Member]:
    """Those of these people, or of everybody, who may open what it is about."""
    known = team()
    chosen = known.values() if people is None else (known[pk] for pk in people if pk in known)
    return [member for member in chosen if member.may(kind)]
