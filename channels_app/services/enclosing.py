"""Words and files in as many messages as their network needs."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from channels_app.capabilities import Capabilities
from channels_app.enclosures import Enclosed
from channels_app.media.services import as_attachment
from channels_app.models import Conversation, Media, Message
from channels_app.services.outgoing import enclosed, record_message


@transaction.atomic
def record_with_files(
    *, conversation: Conversation, text: str, files: Sequence[Media], **rest: Any
) -> list[Message]:
    """Write one message where the network takes it all in one, else the fewest it needs.

    All of them or none: raises what ``record_message`` raises.
    """
    said = [as_attachment(media) for media in files]
    known = [enclosed(each) for each in said]
    return [
        record_message(
            conversation=conversation,
            text=words,
            attachments=[said[number] for number in numbers],
            **rest,
        )
        for words, numbers in parcels(conversation.capabilities, text, known)
    ]


def parcels(
    capabilities: Capabilities, text: str, files: Sequence[Enclosed]
) -> Iterator[tuple[str, range]]:
    """What goes together: the words with the first files if they may, else before them."""
    words = text if text.strip() else ""
    portions = list(capabilities.files.portions(files))
    if not portions:
        yield text, range(0)
        return
    first = [files[number] for number in portions[0]]
    together = capabilities.files.fits_beside(capabilities.length_of(words), first)
    if words and not together:
        yield words, range(0)
        words = ""
    for portion in portions:
        yield words, portion
        words = ""
