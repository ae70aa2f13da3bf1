"""What a file is, by its bytes alone, and a name for it that does no harm.

Nobody's word counts: not the network's, not the file name's. Pure.
"""

import io
import unicodedata
from dataclasses import dataclass

import filetype
import imagesize

HEAD = 64 * 1024  # bytes that decide; a JPEG's size may stand behind a long preview
MAX_NAME = 120  # characters
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"

# What a browser is trusted to draw or play inside our page. Everything else is a download.
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PLAYED = frozenset(
    {
        "audio/aac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "video/mp4",
        "video/quicktime",
        "video/webm",
        "video/3gpp",
    }
)
# Downloads that may be called by their name, for networks that fetch by link and go by it.
NAMED = (
    SHOWN
    | PLAYED
    | frozenset(
        {
            "application/msword",
            "application/pdf",
            "application/rtf",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/zip",
            "audio/amr",
            "image/heic",
            "text/plain",
        }
    )
)
MAX_PIXELS = 50_000_000  # beyond it, drawing an image is an attack on whoever looks

# Files that run, or that carry what runs: people are warned before they open one.
RISKY = frozenset(
    {
        "application/x-msdownload",
        "application/x-executable",
        "application/x-mach-binary",
        "application/vnd.android.package-archive",
        "application/java-archive",
        "application/x-sh",
        "application/x-shellscript",
        "text/html",
        "image/svg+xml",
        "application/xml",
    }
)
RISKY_ENDINGS = frozenset(
    "apk app bat cmd com cpl dll docm dmg exe hta htm html iso jar js jse lnk mht msi ps1 reg scr"  # noqa: SIM905
    " sh svg url vb vbe vbs wsf xhtml xlsm xml".split()
)
# The library's words -> the ones browsers know.
SAME = {
    "audio/x-wav": "audio/wav",
    "audio/m4a": "audio/mp4",
    "video/x-m4v": "video/mp4",
    "application/x-tar": "application/x-tar",
}
# Brands of ISO media files (ISO/IEC 14496-12) that the library leaves open.
BRANDS = {
    b"qt": "video/quicktime",
    b"M4A": "audio/mp4",
    b"M4B": "audio/mp4",
    b"heic": "image/heic",
    b"avif": "image/avif",
    b"3g": "video/3gpp",
}
MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<title")
ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/3gpp": "3gp",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "application/zip": "zip",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the bytes say."""

    mime: str
    kind: str  # image, audio, video, file
    width: int = 0
    height: int = 0


def look(head: bytes) -> Found:
    """What a file is, by its first HEAD bytes."""
    mime = _mime(head)
    width, height = _dimensions(head) if mime in SHOWN else (0, 0)
    return Found(mime, kind_of(mime), width, height)


def kind_of(mime: str) -> str:
    if mime in SHOWN:
        return "image"
    family = mime.partition("/")[0]
    return family if family in {"audio", "video"} and mime in PLAYED else "file"


def is_harmless_inside(mime: str, width: int, height: int) -> bool:
    """Whether our page may draw or play it; if not, it is only ever a download."""
    if mime in SHOWN:
        return 0 < width * height <= MAX_PIXELS
    return mime in PLAYED


def served_as(mime: str) -> str:
    """The type that we tell a browser: nothing that it would run, were it to open it after all."""
    return mime if mime in NAMED else UNKNOWN


def is_risky(mime: str, name: str) -> bool:
    """Whether opening it may do harm, by its bytes or by what a double click would make of it."""
    return mime in RISKY or name.rpartition(".")[2].lower() in RISKY_ENDINGS


def contradicts(said: str, found: Found) -> bool:
    """A picture, sound or film was announced, and words came: an error page, or worse."""
    announced = said.partition("/")[0] in {"image", "audio", "video"}
    return announced and found.mime in {TEXT, "text/html", "application/json", "application/xml"}


def safe_name(name: str, mime: str = "") -> str:
    """A file name that is a name and nothing else: no path, no control or direction marks.

    An override of the writing direction makes "gpj.exe" look like "exe.jpg"; such marks go,
    with everything that is no visible character.
    """
    plain = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    last = plain.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if c == " " or unicodedata.category(c)[0] not in "CZ")
    kept = "".join("_" if c in '<>:"|?*' else c for c in kept)
    kept = " ".join(kept.split()).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    if dot and 0 < len(ending) <= 10:
        kept = f"{stem[: MAX_NAME - len(ending) - 1].rstrip('. ')}.{ending}"
    return kept[:MAX_NAME].strip(". ") or _plain_name(mime)


def _plain_name(mime: str) -> str:
    ending = ENDINGS.get(mime, "")
    return f"{kind_of(mime)}.{ending}" if ending else kind_of(mime)


def _mime(head: bytes) -> str:
    if not head:
        return UNKNOWN
    if head[4:8] == b"ftyp":
        for brand, mime in BRANDS.items():
            if head[8:12].startswith(brand):
                return mime
    guessed = filetype.guess_mime(head)
    if guessed:
        return SAME.get(guessed, guessed)
    return _of_words(head)


def _of_words(head: bytes) -> str:
    """Markup wins over plain text: a browser that is left to guess would run it."""
    start = head[:4096].lstrip(b"\xef\xbb\xbf\t\n\x0c\r ").lower()
    if b"<svg" in start:
        return "image/svg+xml"
    if start.startswith(MARKUP) or any(tag in start for tag in (b"<script", b"<html")):
        return "text/html"
    if start.startswith(b"<?xml"):
        return "application/xml"
    if start.startswith(b"#!"):
        return "application/x-sh"
    return TEXT if _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        # The last character may have been cut in two.
        head.decode("utf-8", "strict" if len(head) < HEAD else "ignore")
    except UnicodeDecodeError:
        return False
    return True


def _dimensions(head: bytes) -> tuple[int, int]:
    try:
        width, height = imagesize.get(io.BytesIO(head))
    except (ValueError, OSError, TypeError, ArithmeticError, LookupError):
        return 0, 0
    return max(0, int(width)), max(0, int(height))
