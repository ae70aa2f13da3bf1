"""The send policy, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from channels_app.capabilities import capabilities_of
from channels_app.enclosures import MB, Enclosed
from channels_app.policy import Allowed, Answered, Facts, Refused, decide

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def comment(hours: float = 1, *, gone: bool = False, **more) -> Answered:
    return Answered(at=NOW - timedelta(hours=hours), gone=gone, **more)


def file(kind: str = "file", mime: str = "application/x-thing", size: int = 1) -> Enclosed:
    return Enclosed(kind=kind, mime=mime, size=size, name="offer")


def ask(platform: str, hours: float | None = 1, **facts) -> str:
    """The tag it may go with, or the code of the refusal."""
    verdict = decide(
        capabilities_of(*platform.split(":")),
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
        ("whatsapp", {"hours": 900, "is_template": True}, ""),
        ("whatsapp", {"hours": None, "is_template": True, "text": ""}, ""),
        ("whatsapp", {"is_template": True, "template_refused": "Paused."}, "template_unusable"),
        ("messenger", {"is_template": True}, "no_templates"),
        ("whatsapp", {"opted_out": frozenset({"all"})}, "opted_out"),
        ("whatsapp", {"opted_out": frozenset({"marketing"})}, ""),
        ("whatsapp", {"opted_out": frozenset({"marketing"}), "is_marketing": True}, "opted_out"),
        ("whatsapp", {"quiet_until": NOW + timedelta(hours=1)}, ""),
        (
            "whatsapp",
            {"quiet_until": NOW + timedelta(hours=1), "is_marketing": True},
            "quiet_hours",
        ),
        ("whatsapp", {"stopped": True}, "channel_stopped"),
        ("messenger", {"led_elsewhere": True, "by_human": True}, "standby"),
        ("instagram", {"hours": 24}, "window_closed"),
        ("instagram", {"hours": 24 * 7 - 1, "by_human": True}, "HUMAN_AGENT"),
        ("instagram", {"text": "é" * 500}, ""),
        ("instagram", {"text": "é" * 501}, "too_long"),  # two bytes each
        ("instagram", {"text": "😀" * 251}, "too_long"),
        ("instagram", {"text": "مرحبا " * 91}, "too_long"),
        ("messenger:comments", {}, "nothing_to_answer"),
        ("messenger:comments", {"answered": comment(hours=9000)}, ""),
        ("messenger:comments", {"answered": comment(gone=True)}, "comment_gone"),
        ("messenger:comments", {"answered": comment(hours=167, privately=True)}, ""),
        (
            "messenger:comments",
            {"answered": comment(hours=168, privately=True)},
            "private_reply_expired",
        ),
        (
            "instagram:comments",
            {"answered": comment(privately=True, has_private_answer=True)},
            "private_reply_used",
        ),
        ("telegram", {"hours": None}, ""),
        ("telegram", {"hours": 10_000}, ""),
        ("custom", {"hours": None}, ""),
        ("telegram", {"text": "x" * 4_096}, ""),
        ("telegram", {"text": "x" * 4_097}, "too_long"),
        ("telegram", {"text": "😀" * 2_049}, "too_long"),  # two UTF-16 units each
        ("whatsapp", {"text": "😀" * 4_096}, ""),
        ("telegram", {"text": "  \n"}, "empty"),
        ("telegram", {"text": "", "has_attachments": True}, ""),
        ("x:comments", {"has_attachments": True, "answered": comment()}, "attachments"),
        ("email", {"has_attachments": True, "files": (file(size=18 * MB),)}, ""),
        ("email", {"has_attachments": True, "files": (file(size=18 * MB + 1),)}, "file_too_large"),
        ("email", {"has_attachments": True, "files": (file(size=10 * MB),) * 2}, "files_too_large"),
        ("email", {"has_attachments": True, "files": (file(),) * 11}, "too_many_files"),
        ("telegram", {"has_attachments": True, "files": (file(),) * 2}, "too_many_files"),
        ("whatsapp", {"has_attachments": True, "files": (file(),)}, "file_type"),
        (
            "whatsapp",
            {"has_attachments": True, "files": (file("image", "image/png", 5 * MB),)},
            "",
        ),
        (
            "whatsapp",
            {"has_attachments": True, "files": (file("image", "image/png", 5 * MB + 1),)},
            "file_too_large",
        ),
        (
            "whatsapp",
            {"has_attachments": True, "files": (file("audio", "audio/ogg"),)},
            "text_beside_file",
        ),
        (
            "whatsapp",
            {"has_attachments": True, "files": (file("audio", "audio/ogg"),), "text": ""},
            "",
        ),
        ("whatsapp", {"has_attachments": True, "files": (file("image", ""),)}, ""),  # a mere link
        ("email", {}, ""),
        ("telegram", {"connection_active": False}, "connection_inactive"),
        ("telegram", {"contact_blocked": True}, "contact_blocked"),
        ("telegram", {"contact_unreachable": True}, "contact_unreachable"),
    ],
)
def test_the_policy(platform, facts, answer):
    assert ask(platform, **facts) == answer
