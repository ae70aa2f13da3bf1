"""What can be done with notices."""

from tenants.notices.services.devices import (
    application_key,
    devices_of,
    forget_device,
    keep_device,
)
from tenants.notices.services.mailing import mail_due, unsubscribe, who_unsubscribes
from tenants.notices.services.pushing import push_due
from tenants.notices.services.reading import (
    COUNTED,
    list_notices,
    read_all,
    read_one,
    read_subject,
    unread_count,
)
from tenants.notices.services.telling import tell
from tenants.notices.services.upkeep import prune_notices, sweep
from tenants.notices.services.wishing import habits_of, set_habits

__all__ = [
    "COUNTED",
    "application_key",
    "devices_of",
    "forget_device",
    "habits_of",
    "keep_device",
    "list_notices",
    "mail_due",
    "prune_notices",
    "push_due",
    "read_all",
    "read_one",
    "read_subject",
    "set_habits",
    "sweep",
    "tell",
    "unread_count",
    "unsubscribe",
    "who_unsubscribes",
]
