"""Word documents (.docx): headings, lists, tables. Macros, comments and deleted text are not read.

The file is an archive of XML (ECMA-376). Both can be written to hurt: an archive may unfold
without end, XML may define entities. The parts are streamed under a limit, and a part that
declares a document type is refused, as the standard forbids it (ECMA-376 part 2, 8.1.4).
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from django.utils.translation import gettext_noop as _

from knowledge.loaders.base import (
    LONGEST_HEADING,
    Allowance,
    Loaded,
    Loader,
    Section,
    Unreadable,
    printable,
)

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"  # the same, in files saved as "strict"
BODY = "word/document.xml"
STYLES = "word/styles.xml"
PROPERTIES = "docProps/core.xml"
TITLE = "http://purl.org/dc/elements/1.1/ title"

MAX_PART = 60 * 1024 * 1024  # bytes of XML in one part
MAX_DEPTH = 400  # elements in one another
MAX_PARTS = 5_000
BLOCK = 64 * 1024

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # OLE: Word before 2007, and every encrypted one
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Text that is not on the page: deleted, of fields' codes, or a second telling of the same drawing.
UNSEEN = frozenset({"del", "moveFrom", "instrText", "delText", "Fallback", "pict"})
OUTLINE = tuple("012345678")  # level 9 means text
HEADING_STYLE = re.compile(r"^(?:heading|title)\s*(\d?)$", re.IGNORECASE)


class Word(Loader):
    suffixes = (".docx", ".docm")
    is_text = False

    def recognises(self, content: bytes) -> bool:
        return content.startswith(COMPOUND) or self.is_surely(content)

    def is_surely(self, content: bytes) -> bool:
        # The names of an archive's parts stand in it as they are.
        return content.startswith(b"PK\x03\x04") and BODY.encode() in content

    def examine(self, content: bytes) -> None:
        if content.startswith(COMPOUND):
            if ENCRYPTED in content:
                raise Unreadable(_("This Word document is protected by a password."))
            raise Unreadable(_("This file is of an older Word; save it as .docx."))
        with _opened(content) as archive:
            if archive.getinfo(BODY).file_size > MAX_PART:
                raise Unreadable(_("This Word document is too large once unpacked."))

    def load(self, content: bytes) -> Loaded:
        self.examine(content)
        spent = Allowance("Word document")
        with _opened(content) as archive:
            styles = _Styles()
            _parse(archive, STYLES, styles, spent)
            body = _Body(styles.levels, spent)
            _parse(archive, BODY, body, spent)
            properties = _Properties()
            _parse(archive, PROPERTIES, properties, spent)
        sections = body.done()
        if not sections:
            raise Unreadable(_("There is no text in this document."))
        return Loaded(sections, properties.title or body.title)


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        body = archive.getinfo(BODY)
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, OSError) as error:
        raise Unreadable(_("This Word document is damaged and cannot be read.")) from error
    if body.flag_bits & 1:
        raise Unreadable(_("This Word document is protected by a password."))
    if len(archive.namelist()) > MAX_PARTS:
        raise Unreadable(_("This Word document is too large once unpacked."))
    return archive


class _Reading:
    """What happens with the elements of one part, told by their local names."""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, name: str) -> None:
        raise NotImplementedError

    def say(self, text: str) -> None:
        raise NotImplementedError


class _Styles(_Reading):
    """Which paragraph styles are headings, and of which level, whatever they are called locally."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self._style = ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "style":
            self._style = attributes.get("styleId", "")
        elif name == "name" and (found := HEADING_STYLE.match(attributes.get("val", ""))):
            self.levels[self._style] = int(found[1] or 1)
        elif name == "outlineLvl" and self._style:
            level = attributes.get("val", "")
            if level in OUTLINE:
                self.levels.setdefault(self._style, int(level) + 1)

    def end(self, name: str) -> None:
        if name == "style":
            self._style = ""

    def say(self, text: str) -> None:
        """Styles say nothing."""


class _Properties(_Reading):
    """The document's own title."""

    def __init__(self) -> None:
        self.title = ""
        self._in_title = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._in_title = name == TITLE

    def end(self, name: str) -> None:
        self._in_title = False

    def say(self, text: str) -> None:
        if self._in_title and len(self.title) < 200:
            self.title = " ".join(f"{self.title}{printable(text)}".split())[:200]


class _Body(_Reading):
    """Paragraphs in their order, put under their headings."""

    def __init__(self, levels: dict[str, int], spent: Allowance) -> None:
        self.title = ""
        self._levels = levels
        self._spent = spent
        self._sections: list[Section] = []
        self._path: dict[int, str] = {}
        self._blocks: list[str] = []
        self._line: list[str] = []
        self._rows: list[list[list[str]]] = []  # open tables' current rows: cells of lines
        self._level = 0
        self._is_item = False
        self._unseen = 0
        self._in_text = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name in UNSEEN or self._unseen:
            self._unseen += 1
        elif name == "p":
            self._line, self._level, self._is_item = [], 0, False
        elif name == "t":
            self._in_text = True
        elif name == "tr":
            self._rows.append([])
        elif name == "tc" and self._rows:
            self._rows[-1].append([])
        elif name in {"tab", "br", "cr"}:
            self._line.append("\n" if name != "tab" else " ")
        else:
            self._learn(name, attributes.get("val", ""))

    def _learn(self, name: str, value: str) -> None:
        """What the properties of a paragraph say about it."""
        if name == "pStyle":
            self._level = self._levels.get(value, 0)
        elif name == "outlineLvl":
            self._level = int(value) + 1 if value in OUTLINE else 0
        elif name == "numPr":
            self._is_item = True

    def end(self, name: str) -> None:
        if self._unseen:
            self._unseen -= 1
        elif name == "t":
            self._in_text = False
        elif name == "p":
            self._paragraph()
        elif name == "tr" and self._rows:
            self._row(self._rows.pop())

    def say(self, text: str) -> None:
        if self._in_text and not self._unseen:
            self._spent.spend(len(text))
            self._line.append(text)

    def done(self) -> list[Section]:
        self._close()
        if not self._sections and self._path:  # nothing but headings
            return [Section("\n".join(self._path.values()))]
        return self._sections

    def _paragraph(self) -> None:
        text = printable("".join(self._line)).strip()
        self._line = []
        if not text:
            return
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(text)
        elif self._level and len(text) <= LONGEST_HEADING:
            self._heading(" ".join(text.split()))
        else:
            self._blocks.append(f"- {text}" if self._is_item else text)

    def _row(self, cells: list[list[str]]) -> None:
        told = [" ".join(" ".join(cell).split()) for cell in cells]
        line = " | ".join(cell for cell in told if cell)
        if not line:
            return
        if self._rows and self._rows[-1]:  # a table in a cell
            self._rows[-1][-1].append(line)
        else:
            self._blocks.append(line)

    def _heading(self, heading: str) -> None:
        self._close()
        for deeper in [known for known in self._path if known >= self._level]:
            del self._path[deeper]
        self._path[self._level] = heading
        self.title = self.title or heading

    def _close(self) -> None:
        if self._blocks:
            path = tuple(self._path[level] for level in sorted(self._path))
            self._sections.append(Section("\n".join(self._blocks), path))
        self._blocks = []


def _parse(archive: zipfile.ZipFile, part: str, reading: _Reading, spent: Allowance) -> None:
    """Read a part from its beginning to its end; one that is not there says nothing."""
    parser = _parser(reading)
    try:
        for block in _blocks(archive, part):
            spent.spend()
            parser.Parse(block, False)
        if part in archive.namelist():
            parser.Parse(b"", True)
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unreadable(_("This Word document is damaged and cannot be read.")) from error
    except (NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise Unreadable(_("This Word document is packed in a way we cannot read.")) from error


def _parser(reading: _Reading) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise Unreadable(_("This Word document is nested too deeply."))
        reading.begin(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        reading.end(_local(name))

    def refuse(*declared: object) -> None:
        raise Unreadable(_("This Word document declares entities, which none may."))

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reading.say
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.buffer_text = True
    return parser


def _blocks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    if part not in archive.namelist():
        return
    size = 0
    with archive.open(part) as unpacked:
        while block := unpacked.read(BLOCK):
            size += len(block)
            if size > MAX_PART:  # whatever the archive says about itself
                raise Unreadable(_("This Word document is too large once unpacked."))
            yield block


def _local(name: str) -> str:
    """A name of Word's own without its namespace; others keep theirs."""
    namespace, _, local = name.rpartition(" ")
    return local if namespace in {WORD, STRICT} or local == "Fallback" else name
