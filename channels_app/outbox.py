"""The one way out, for people, the AI, campaigns and tools."""

from collections.abc import Mapping, Sequence
from typing import Any

from channels_app.models import Conversation, Media, Message
from channels_app.services.enclosing import record_with_files
from channels_app.services.outgoing import SendRefused, StaleTurn, record_message
from tenants.accounts.models import User

__all__ = ["SendRefused", "StaleTurn", "post_message", "post_with_files"]


def post_message(
    *,
    conversation: Conversation,
    text: str,
    author: Message.Author,
    user: User | None = None,
    run_id: int | None = None,
    seen_turn: int | None = None,
    attachments: Sequence[Mapping[str, Any]] = (),
    actor: str = "",
    answers: Message | None = None,
    is_private: bool = False,
    template: Mapping[str, Any] | None = None,
) -> Message:
    """Ask the send policy, write the message as queued, and send for the courier on commit.

    Raises SendRefused with a sentence for people. The AI passes ``seen_turn``, the turn version
    its run saw: if anybody has spoken or taken over since, StaleTurn is raised and nothing is
    written. What a person writes makes the conversation theirs.

    In public, ``answers`` is the comment that is answered, else the last one; with
    ``is_private`` it is answered in private. ``template`` (name, language, components) is one
    that the network approved; ``text`` is then what people see of it.
    """
    return record_message(
        conversation=conversation,
        text=text,
        author=author,
        user=user,
        actor=actor,
        run_id=run_id,
        seen_turn=seen_turn,
        attachments=attachments,
        answers=answers,
        is_private=is_private,
        template=template,
    )


def post_with_files(
    *,
    conversation: Conversation,
    text: str,
    files: Sequence[Media],
    author: Message.Author,
    user: User | None = None,
    actor: str = "",
    answers: Message | None = None,
    is_private: bool = False,
    held_seconds: float = 0,
) -> list[Message]:
    """As ``post_message``, with files of ours: in one message, or in the fewest its network needs.

    ``held_seconds`` is how long it can be taken back before it leaves.
    Raises SendRefused also where the network does not take a file; nothing is written then.
    """
    return record_with_files(
        conversation=conversation,
        text=text,
        files=files,
        author=author,
        user=user,
        actor=actor,
        answers=answers,
        is_private=is_private,
        held_seconds=held_seconds,
    )
