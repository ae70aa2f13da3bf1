"""Which files a network takes: sorts, sizes, how many at once, and whether words go beside them.

Pure. The rules themselves stand in ``capabilities``, each beside its source.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from tenants.told import Sentence, listed

MB = 1024 * 1024

IMAGES = frozenset({"image/jpeg", "image/png"})
OFFICE = frozenset(
    {
        "application/pdf",
        "text/plain",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    }
)
NAMES = {"image/jpeg": "JPEG", "image/png": "PNG", "application/pdf": "PDF", "text/plain": "text"}
PLURALS = {"image": _("images"), "audio": _("audio"), "video": _("videos"), "file": _("files")}
OTHER_KIND = Sentence(_("%(file)s is not of a kind this channel takes: %(taken)s."))
TOO_LARGE = Sentence(_("%(file)s has %(size)s; this channel takes %(sort)s of up to %(most)s."))
TOO_MANY = Sentence(_("This channel takes %(most)s file(s) a message."))
TOO_LARGE_TOGETHER = Sentence(_("Together they have %(size)s; up to %(most)s go."))
NAMELESS = _("This file")
NAMED = {
    "image": Sentence(_("%(names)s images"), part=True),
    "audio": Sentence(_("%(names)s audio"), part=True),
    "video": Sentence(_("%(names)s videos"), part=True),
    "file": Sentence(_("%(names)s files"), part=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A file that is to be sent; ``mime`` is empty where nobody knows it."""

    kind: str
    mime: str = ""
    size: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One sort of files that a network takes. No ``kind``: any; no ``mimes``: any of the kind."""

    max_bytes: int
    kind: str = ""
    mimes: frozenset[str] = frozenset()
    beside_text: bool = True

    def covers(self, file: Enclosed) -> bool:
        known = not self.mimes or not file.mime or file.mime in self.mimes
        return known and self.kind in {"", file.kind}

    def __str__(self) -> str:
        words = sorted(NAMES.get(mime, mime.rpartition("/")[2].upper()) for mime in self.mimes)
        kind = self.kind if self.kind in PLURALS else "file"
        if not words or len(words) > 4:
            return PLURALS[kind]
        return NAMED[kind].of(names=", ".join(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """What a network takes. ``max_total`` is for all files of one message together; 0: no limit."""

    sorts: tuple[Sort, ...] = ()
    per_message: int = 1
    max_total: int = 0
    max_caption: int = 0  # of words beside a file, in the network's unit; 0: as long as any

    def sort_of(self, file: Enclosed) -> Sort | None:
        """Under which rule a file goes: the roomiest one that covers it."""
        covering = [sort for sort in self.sorts if sort.covers(file)]
        return max(covering, key=lambda sort: sort.max_bytes, default=None)

    def why_not(self, files: Sequence[Enclosed]) -> tuple[str, str] | None:
        """Why these cannot go in one message, as code and sentence; None if they can."""
        for file in files:
            sort = self.sort_of(file)
            if sort is None:
                taken = listed([str(each) for each in self.sorts])
                return "file_type", OTHER_KIND.of(file=shown(file), taken=taken)
            if file.size > sort.max_bytes:
                most, has = megabytes(sort.max_bytes), megabytes(file.size)
                text = TOO_LARGE.of(file=shown(file), size=has, sort=sort, most=most)
                return "file_too_large", text
        if len(files) > self.per_message:
            return "too_many_files", TOO_MANY.of(most=self.per_message)
        total = sum(file.size for file in files)
        if self.max_total and total > self.max_total:
            most = megabytes(self.max_total)
            return "files_too_large", TOO_LARGE_TOGETHER.of(size=megabytes(total), most=most)
        return None

    def fits_beside(self, length: int, files: Sequence[Enclosed]) -> bool:
        """Whether a text of this length travels with these files."""
        sorts = [self.sort_of(file) for file in files]
        together = all(sort is None or sort.beside_text for sort in sorts)
        return together and (not self.max_caption or length <= self.max_caption)

    def portions(self, files: Sequence[Enclosed]) -> Iterator[range]:
        """Which files go together, message by message."""
        start, weight = 0, 0
        for number, file in enumerate(files):
            full = number - start >= self.per_message
            heavy = bool(self.max_total) and weight + file.size > self.max_total
            if number > start and (full or heavy):
                yield range(start, number)
                start, weight = number, 0
            weight += file.size
        if files:
            yield range(start, len(files))


def shown(file: Enclosed) -> str:
    return f"“{file.name}”" if file.name else NAMELESS


def megabytes(size: int) -> str:
    return (
        f"{size / MB:.1f}".rstrip("0").rstrip(".") + " MB" if size >= MB / 10 else f"{size} bytes"
    )


NO_FILES = FileRules()
ANYTHING = FileRules(sorts=(Sort(max_bytes=25 * MB),), per_message=10)
