"""The send policy, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from channels_app.capabilities import capabilities_of
from channels_app.policy import Allowed, Facts, Refused, decide

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def ask(platform: str, hours: float | None = 1, **facts) -> str:
    """The tag it may go with, or the code of the refusal."""
    verdict = decide(
        capabilities_of(platform),
        Facts(
            **{
                "text": "Hello",
                "has_attachments": False,
                "by_human": False,
                "connection_active": True,
                "contact_blocked": False,
                "contact_unreachable": False,
                "last_inbound_at": None if hours is None else NOW - timedelta(hours=hours),
                "now": NOW,
                **facts,
            }
        ),
    )
    if isinstance(verdict, Refused):
        assert verdict.text.endswith((".", "!"))
        return verdict.code
    assert isinstance(verdict, Allowed)
    return verdict.tag


@pytest.mark.parametrize(
    ("platform", "facts", "answer"),
    [
        ("messenger", {"hours": 23.9}, ""),
        ("messenger", {"hours": 24}, "window_closed"),
        ("messenger", {"hours": 24, "by_human": True}, "HUMAN_AGENT"),
        ("messenger", {"hours": 24 * 7 - 1, "by_human": True}, "HUMAN_AGENT"),
        ("messenger", {"hours": 24 * 7, "by_human": True}, "window_closed"),
        ("messenger", {"hours": None}, "not_started"),
        ("whatsapp", {"hours": 23.9}, ""),
        ("whatsapp", {"hours": 24, "by_human": True}, "window_closed"),
        ("telegram", {"hours": None}, ""),
        ("telegram", {"hours": 10_000}, ""),
        ("custom", {"hours": None}, ""),
        ("telegram", {"text": "x" * 4_096}, ""),
        ("telegram", {"text": "x" * 4_097}, "too_long"),
        ("telegram", {"text": "😀" * 2_049}, "too_long"),  # two UTF-16 units each
        ("whatsapp", {"text": "😀" * 4_096}, ""),
        ("telegram", {"text": "  \n"}, "empty"),
        ("telegram", {"text": "", "has_attachments": True}, ""),
        ("telegram", {"connection_active": False}, "connection_inactive"),
        ("telegram", {"contact_blocked": True}, "contact_blocked"),
        ("telegram", {"contact_unreachable": True}, "contact_unreachable"),
    ],
)
def test_the_policy(platform, facts, answer):
    assert ask(platform, **facts) == answer
