"""What may come in, told by the content and not by its name."""

from pathlib import PurePath

from django.conf import settings
from django.core.exceptions import ValidationError

from knowledge.loaders import LOADERS
from knowledge.loaders.base import Unreadable


def kind_of(*, source_name: str, content: bytes, kind: str = "") -> str:
    """Which loader reads this, or ValidationError with one sentence for whoever uploads."""
    if not content.strip():
        raise _refused("empty", "This document is empty.")
    if len(content) > settings.KNOWLEDGE_MAX_BYTES:
        limit = settings.KNOWLEDGE_MAX_BYTES // (1024 * 1024)
        raise _refused("too_large", f"This document is larger than {limit} MB.")
    if kind and kind not in LOADERS:
        raise _refused("unknown_kind", f"{kind!r} is not one of: {', '.join(LOADERS)}.")
    claimed = kind or _claimed(source_name)
    recognised = [each for each in LOADERS if LOADERS.get(each)().recognises(content)]
    sure = [each for each in recognised if LOADERS.get(each)().is_surely(content)]
    if sure and not LOADERS.get(sure[0]).is_text:
        recognised = sure
    if claimed and claimed not in recognised:
        raise _refused("not_what_it_says", f"This file is not {LOADERS.label(claimed)} inside.")
    if not recognised:
        known = ", ".join(LOADERS.label(each) for each in LOADERS)
        raise _refused("unsupported", f"We cannot read this kind of file; send one of: {known}.")
    found = claimed or [*recognised, *sure][-1]
    try:
        LOADERS.get(found)().examine(content)
    except Unreadable as error:
        raise _refused("unreadable", str(error)) from error
    return found


def _claimed(source_name: str) -> str:
    suffix = PurePath(source_name.lower()).suffix
    for kind in LOADERS:
        if suffix and suffix in LOADERS.get(kind).suffixes:
            return kind
    return ""


def _refused(code: str, sentence: str) -> ValidationError:
    return ValidationError({"content": ValidationError(sentence, code=code)})
