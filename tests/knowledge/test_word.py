"""Word documents: what is on their pages, and what they may be written to do."""

import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loaders import LOADERS
from knowledge.loaders.base import Unreadable
from knowledge.loaders.word import COMPOUND, ENCRYPTED, Word

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STYLES = (
    f'<w:styles xmlns:w="{NAMESPACE}">'
    '<w:style w:styleId="Titre1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="Titre2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:styleId="Ours"><w:name w:val="Our own"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr>'
    "</w:style></w:styles>"
)
CORE = (
    '<p:coreProperties xmlns:p="urn:x" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title></p:coreProperties>"
)


def paragraph(text: str, *, style: str = "", item: bool = False) -> str:
    about = f'<w:pStyle w:val="{style}"/>' if style else ""
    about += "<w:numPr/>" if item else ""
    return f"<w:p><w:pPr>{about}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def make_docx(*blocks: str, title: str = "", **parts: str | bytes) -> bytes:
    """An archive as a word processor would write it."""
    body = f'<w:document xmlns:w="{NAMESPACE}"><w:body>{"".join(blocks)}</w:body></w:document>'
    held: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": body,
        "word/styles.xml": STYLES,
    }
    if title:
        held["docProps/core.xml"] = CORE.format(title)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (held | parts).items():
            archive.writestr(name, content)
    return made.getvalue()


def told(content: bytes):
    return [(section.heading, section.text) for section in Word().load(content).sections]


def test_headings_are_a_path_whatever_their_styles_are_called():
    made = make_docx(
        paragraph("Hotel", style="Titre1"),
        paragraph("Welcome."),
        paragraph("Rooms", style="Titre2"),
        paragraph("Sea view", style="Ours"),
        paragraph("Two beds."),
        paragraph("Food", style="Titre2"),
        paragraph("Breakfast at 7."),
    )

    assert told(made) == [
        (("Hotel",), "Welcome."),
        (("Hotel", "Rooms", "Sea view"), "Two beds."),
        (("Hotel", "Food"), "Breakfast at 7."),
    ]
    assert Word().load(made).title == "Hotel"


def test_lists_and_tables_are_lines():
    cells = "".join(f"<w:tc>{paragraph(text)}</w:tc>" for text in ("Double", "90 €"))
    made = make_docx(
        paragraph("Towels", item=True),
        paragraph("Soap", item=True),
        f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>",
    )

    assert told(made) == [((), "- Towels\n- Soap\nDouble | 90 €")]


def test_a_table_in_a_cell_stays_in_its_row():
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('in')}</w:tc></w:tr></w:tbl>"
    made = make_docx(
        f"<w:tbl><w:tr><w:tc>{paragraph('out')}{inner}</w:tc><w:tc>{paragraph('side')}</w:tc></w:tr></w:tbl>"
    )

    assert told(made) == [((), "out in | side")]


def test_words_of_several_runs_are_one_text_and_deleted_ones_are_gone():
    made = make_docx(
        "<w:p><w:r><w:t>Nine</w:t></w:r><w:del><w:r><w:delText>ty</w:delText></w:r></w:del>"
        '<w:r><w:t xml:space="preserve"> euros</w:t><w:br/><w:t>a night</w:t></w:r>'
        "<w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
    )

    assert told(made) == [((), "Nine euros\na night")]


def test_its_own_title_is_taken():
    assert Word().load(make_docx(paragraph("Words."), title="Price list")).title == "Price list"


def test_macros_are_not_looked_at():
    made = make_docx(paragraph("Words."), **{"word/vbaProject.bin": b"Sub AutoOpen()"})

    assert told(made) == [((), "Words.")]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (COMPOUND + b"\x00" * 600 + ENCRYPTED, "protected by a password"),
        (COMPOUND + b"\x00" * 600, "save it as .docx"),
        (make_docx(**{"word/document.xml": BOMB}), "declares entities"),
        (make_docx(**{"word/document.xml": OUTSIDE}), "declares entities"),
        (make_docx(paragraph("a"), **{"word/styles.xml": BOMB}), "declares entities"),
        (make_docx(**{"word/document.xml": "<x>" * 100_000}), "nested too deeply"),
        (make_docx(**{"word/document.xml": "<x>"}), "damaged"),
        (make_docx(paragraph("hello"))[:-40], "damaged"),
        (make_docx(), "no text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_says_why(content, sentence):
    with pytest.raises(Unreadable, match=sentence):
        Word().load(content)


def test_an_archive_that_unfolds_without_end_is_refused():
    made = make_docx(**{"word/document.xml": b"<x>" + b" " * (61 * 1024 * 1024)})
    assert len(made) < 100_000
    begun = time.thread_time()

    with pytest.raises(Unreadable, match="too large once unpacked"):
        Word().load(made)
    # The same, with a size that is a lie.
    size = (61 * 1024 * 1024 + 3).to_bytes(4, "little")
    with pytest.raises(Unreadable):
        Word().load(made.replace(size, (900).to_bytes(4, "little")))

    assert time.thread_time() - begun < 5


def test_styles_unfold_no_further_than_the_text():
    made = make_docx(
        paragraph("a"), **{"word/styles.xml": b"<x>" + b" " * (61 * 1024 * 1024) + b"</x>"}
    )

    with pytest.raises(Unreadable, match="too large once unpacked"):
        Word().load(made)


@pytest.mark.parametrize("kind", ["", "docx"])
def test_it_is_told_by_its_bytes(kind):
    made = make_docx(paragraph("Words."))

    recognised = [each for each in LOADERS if LOADERS.get(each)().is_surely(made)]
    assert recognised == ["docx"]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1), max_size=9
    )
)
def test_every_word_is_kept_in_its_order(words):
    escaped = [w.replace("&", "&amp;").replace("<", "&lt;") for w in words]
    made = make_docx(*map(paragraph, escaped), paragraph("end"))

    ((_, text),) = told(made)
    assert text.split("\n") == [*words, "end"]


@given(st.data())
def test_any_damage_is_survived(data):
    made = bytearray(make_docx(paragraph("Hotel", style="Titre1"), paragraph("Welcome.")))
    for place in data.draw(st.lists(st.integers(0, len(made) - 1), min_size=1, max_size=8)):
        made[place] = data.draw(st.integers(0, 255))
    try:
        sections = Word().load(bytes(made)).sections
    except Unreadable:
        return
    assert all(section.text for section in sections)
