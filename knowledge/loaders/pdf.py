"""Text of PDF documents, with pypdf. Scans hold none; encrypted ones are refused.

A PDF is a program of sorts and may have been written to hurt: pages, text and time are capped.
https://pypdf.readthedocs.io/en/stable/user/extract-text.html
"""

import io
import logging
import re
import time

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from knowledge.loaders.base import Loaded, Loader, Section, Unreadable, printable

MAX_PAGES = 2_000
MAX_CHARACTERS = 10_000_000
MAX_SECONDS = 120
# What pypdf lets through from documents that break the format's rules.
BROKEN = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError)
EXHAUSTING = (RecursionError, MemoryError, OverflowError, ArithmeticError, NotImplementedError)

logging.getLogger("pypdf").setLevel(logging.ERROR)  # it reports each oddity of each page


class Pdf(Loader):
    suffixes = (".pdf",)

    def recognises(self, content: bytes) -> bool:
        # Readers look for the mark within the first 1024 bytes (ISO 32000-1, annex H).
        return b"%PDF-" in content[:1024]

    def load(self, content: bytes) -> Loaded:
        try:
            return _read(content)
        except BROKEN + EXHAUSTING + (OSError,) as error:
            raise Unreadable("This PDF is damaged and cannot be read.") from error


def _read(content: bytes) -> Loaded:
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not _opens_without_password(reader):
        raise Unreadable("This PDF is protected by a password.")
    if len(reader.pages) > MAX_PAGES:
        raise Unreadable(f"This PDF has more than {MAX_PAGES} pages.")
    text = "\n\n".join(_pages(reader))
    if not text.strip():
        raise Unreadable("This PDF holds pictures of text only; upload one with real text.")
    return Loaded([Section(text)], _title(reader, text))


def _opens_without_password(reader: PdfReader) -> bool:
    return bool(reader.decrypt(""))


def _pages(reader: PdfReader) -> list[str]:
    deadline = time.monotonic() + MAX_SECONDS
    pages: list[str] = []
    size = 0
    for page in reader.pages:
        pages.append(_flowing(printable(page.extract_text())))
        size += len(pages[-1])
        if size > MAX_CHARACTERS:
            raise Unreadable(f"This PDF holds more than {MAX_CHARACTERS:,} characters.")
        if time.monotonic() > deadline:
            raise Unreadable(f"This PDF takes longer than {MAX_SECONDS} seconds to read.")
    return pages


def _flowing(text: str) -> str:
    """Lines of a page put back together into paragraphs and whole words."""
    text = re.sub(r"(?<=\w)[-\u00ad]\n(?=[a-zà-ÿ])", "", text)
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"(?<![\n.!?:؟])\n(?=[^\W\d_A-Z])", " ", text)


def _title(reader: PdfReader, text: str) -> str:
    named = reader.metadata.title if reader.metadata else ""
    if isinstance(named, str) and 3 < len(named.strip()) <= 200 and not _is_file_name(named):
        return printable(named).strip()
    first = text.strip().partition("\n")[0].strip()
    return first if 3 < len(first) <= 120 and not first.endswith(".") else ""


def _is_file_name(title: str) -> bool:
    """Word processors put their own file's name there."""
    return bool(re.search(r"\.(?:docx?|odt|indd|pages|pdf|tmp)$|^Microsoft Word", title.strip()))
