"""Text of PDF documents, with pypdf. Scans hold none; encrypted ones are refused.

A PDF is a program of sorts and may have been written to hurt: pages, text and time are capped.
https://pypdf.readthedocs.io/en/stable/user/extract-text.html
"""

import io
import logging
import re

from django.utils.translation import gettext_noop as _
from pypdf import Configuration, PdfReader, apply_configuration
from pypdf.errors import LimitReachedError, PyPdfError

from knowledge.loaders.base import (
    TOO_MANY_PAGES,
    Allowance,
    Loaded,
    Loader,
    Section,
    Unreadable,
    printable,
)

MAX_PAGES = 2_000
# Of one packed stream. pypdf reads a megabyte of drawing in about a second, and nobody looks at the
# clock until it has begun to draw; its own limit is 75 MB.
MAX_UNPACKED = 8_000_000
LIMITS = Configuration(
    zlib_maximum_output_length=MAX_UNPACKED,
    lzw_maximum_output_length=MAX_UNPACKED,
    run_length_maximum_output_length=MAX_UNPACKED,
    array_based_stream_maximum_output_length=MAX_UNPACKED,
)
# What pypdf lets through from documents that break the format's rules.
BROKEN = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError)
EXHAUSTING = (RecursionError, MemoryError, OverflowError, ArithmeticError, NotImplementedError)

logging.getLogger("pypdf").setLevel(logging.ERROR)  # it reports each oddity of each page


class Pdf(Loader):
    suffixes = (".pdf",)
    is_text = False

    def recognises(self, content: bytes) -> bool:
        # Readers look for the mark within the first 1024 bytes (ISO 32000-1, annex H).
        return b"%PDF-" in content[:1024]

    def is_surely(self, content: bytes) -> bool:
        return self.recognises(content)

    def load(self, content: bytes) -> Loaded:
        try:
            with apply_configuration(LIMITS):
                return _read(content)
        except LimitReachedError as error:
            raise Unreadable(_("This PDF is too large once unpacked.")) from error
        except BROKEN + EXHAUSTING + (OSError,) as error:
            raise Unreadable(_("This PDF is damaged and cannot be read.")) from error


def _read(content: bytes) -> Loaded:
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not _opens_without_password(reader):
        raise Unreadable(_("This PDF is protected by a password."))
    if len(reader.pages) > MAX_PAGES:
        raise Unreadable(TOO_MANY_PAGES.of(most=MAX_PAGES))
    text = "\n\n".join(_pages(reader))
    if not text.strip():
        raise Unreadable(_("This PDF holds pictures of text only; upload one with real text."))
    return Loaded([Section(text)], _title(reader, text))


def _opens_without_password(reader: PdfReader) -> bool:
    return bool(reader.decrypt(""))


def _pages(reader: PdfReader) -> list[str]:
    """Each page's text; a page made of the same parts as another is read once."""
    spent = Allowance("PDF")
    texts: dict[str, str] = {}
    for page in reader.pages:
        parts = repr([page.raw_get(name) for name in ("/Contents", "/Resources") if name in page])
        spent.spend()
        if parts not in texts:
            text = page.extract_text(visitor_operand_before=lambda *_: spent.spend())
            texts[parts] = _flowing(printable(text))
            spent.spend(len(texts[parts]))
    return list(texts.values())


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
