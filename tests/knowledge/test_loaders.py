"""Reading what people upload, and refusing in one sentence what cannot be read."""

import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from knowledge.chunking import chunks, fragments
from knowledge.loaders import LOADERS
from knowledge.loaders.base import Unreadable, decoded
from knowledge.loaders.markdown import Markdown
from knowledge.loaders.pdf import Pdf
from knowledge.loaders.text import Text

EVERY = list(LOADERS)


def make_pdf(*pages: str, title: str = "", password: str = "") -> bytes:
    """A PDF with one line of text a page, as a word processor would write it."""
    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(width=595, height=842)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


@pytest.mark.parametrize("kind", EVERY)
class TestEveryLoader:
    @settings(max_examples=60, deadline=None)
    @given(content=st.binary(max_size=600))
    def test_any_bytes_are_read_or_refused(self, kind, content):
        try:
            loaded = LOADERS.get(kind)().load(content)
        except Unreadable:
            return
        assert all(section.text.strip() for section in loaded.sections)
        assert "\x00" not in "".join(section.text for section in loaded.sections)

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" * 9, b"a,b,c\n"])
    def test_a_glance_refuses_in_a_sentence_or_not_at_all(self, kind, content):
        said = "."
        try:
            LOADERS.get(kind)().examine(content)
        except Unreadable as error:
            said = str(error)
        assert said.endswith(".")

    def test_nothing_is_refused(self, kind):
        with pytest.raises(Unreadable):
            LOADERS.get(kind)().load(b"")

    def test_says_which_files_it_reads(self, kind):
        assert all(suffix.startswith(".") for suffix in LOADERS.get(kind).suffixes)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_any_text_survives_utf8(text):
    kept = decoded(text.encode())

    letters = [char for char in text if char.isalnum()]
    assert [char for char in kept if char.isalnum()] == letters


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("¿Cuánto cuesta? 20 €", "utf-8"),
        ("¿Cuánto cuesta? 20 €", "utf-8-sig"),
        ("¿Cuánto cuesta? 20 €", "utf-16"),
        ("¿Cuánto cuesta? 20 €", "cp1252"),
        ("كم سعر الغرفة في الفندق؟", "cp1256"),
        ("كم سعر الغرفة في الفندق؟", "utf-16"),
    ],
)
def test_files_in_the_encodings_people_have(text, encoding):
    assert decoded(text.encode(encoding)) == text


class TestText:
    def test_a_question_heads_its_answer(self):
        loaded = Text().load(
            b"Q: When are you open?\nA: From nine to six.\n\n2) Do you deliver?\nYes, everywhere.\n"
        )

        assert [(s.heading, s.text) for s in loaded.sections] == [
            (("When are you open?",), "From nine to six."),
            (("Do you deliver?",), "Yes, everywhere."),
        ]

    def test_paragraphs_without_questions_stay_together(self):
        loaded = Text().load(b"About us\n\nWe sell bicycles.\n\nSince 1990.")

        (section,) = loaded.sections
        assert section.text == "About us\n\nWe sell bicycles.\n\nSince 1990."
        assert loaded.title == "About us"

    def test_a_sentence_is_no_title(self):
        assert Text().load(b"We sell bicycles.").title == ""


class TestMarkdown:
    def test_headings_are_a_path(self):
        loaded = Markdown().load(
            b"# Hotel\nWelcome.\n## Rooms\n### Sea view\nTwo beds.\n## Food\nBreakfast at 7.\n"
        )

        assert loaded.title == "Hotel"
        assert [(s.heading, s.text) for s in loaded.sections] == [
            (("Hotel",), "Welcome."),
            (("Hotel", "Rooms", "Sea view"), "Two beds."),
            (("Hotel", "Food"), "Breakfast at 7."),
        ]

    def test_underlined_headings_and_front_matter(self):
        loaded = Markdown().load(b"---\ntitle: 'The list'\n---\nPrices\n======\n\nAll in euros.\n")

        assert loaded.title == "The list"
        assert loaded.sections[0].heading == ("Prices",)

    def test_code_is_never_a_heading(self):
        loaded = Markdown().load(b"# Setup\n```\n# not a heading\nrun it\n```\nDone.\n")

        assert [s.heading for s in loaded.sections] == [("Setup",)]
        assert "# not a heading" in loaded.sections[0].text

    def test_marks_go_and_words_stay(self):
        loaded = Markdown().load(
            b"**Book** at [our site](https://a.example/x) or `call` us, *please* <br> 2 * 3 * 4\n"
        )

        assert loaded.sections[0].text == (
            "Book at our site (https://a.example/x) or call us, please  2 * 3 * 4"
        )


class TestPdf:
    def test_its_text_and_title(self):
        loaded = Pdf().load(make_pdf("Rooms cost 90 euros.", "Call us.", title="Price list 2026"))

        assert loaded.title == "Price list 2026"
        assert "Rooms cost 90 euros." in loaded.sections[0].text
        assert "Call us." in loaded.sections[0].text

    def test_a_file_name_is_no_title(self):
        assert Pdf().load(make_pdf("Prices", title="list_v2.docx")).title == "Prices"

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (make_pdf("secret", password="x"), "This PDF is protected by a password."),
            (make_pdf(""), "pictures of text only"),
            (b"%PDF-1.7 and then nothing", "damaged"),
            (make_pdf("hello")[:200], "damaged"),
        ],
    )
    def test_what_cannot_be_read_says_why(self, content, sentence):
        with pytest.raises(Unreadable, match=sentence):
            Pdf().load(content)

    def test_too_many_pages_are_refused(self, monkeypatch):
        monkeypatch.setattr("knowledge.loaders.pdf.MAX_PAGES", 2)

        with pytest.raises(Unreadable, match="more than 2 pages"):
            Pdf().load(make_pdf("a", "b", "c"))

    def test_a_page_that_is_repeated_is_read_once(self, monkeypatch):
        monkeypatch.setattr("knowledge.loaders.base.MAX_SECONDS", 3)
        writer = PdfWriter(clone_from=io.BytesIO(make_pdf("(again and again)Tj " * 2_000)))
        for _ in range(1_900):
            writer.add_page(writer.pages[0])
        parts = writer.pages[0].raw_get("/Contents")
        for page in writer.pages:
            page[NameObject("/Contents")] = parts
        made = io.BytesIO()
        writer.write(made)

        text = Pdf().load(made.getvalue()).sections[0].text

        assert 0 < text.count("again and again") <= 2_000

    def test_a_page_that_unfolds_without_end_is_refused(self):
        writer = PdfWriter(clone_from=io.BytesIO(make_pdf("x")))
        stream = DecodedStreamObject()
        stream.set_data(b"BT /F1 12 Tf " + b"(a) Tj " * 4_000_000 + b"ET")
        writer.pages[0][NameObject("/Contents")] = writer._add_object(stream.flate_encode())
        made = io.BytesIO()
        writer.write(made)
        begun = time.thread_time()

        with pytest.raises(Unreadable, match="too large once unpacked"):
            Pdf().load(made.getvalue())

        assert time.thread_time() - begun < 4

    def test_time_is_looked_at_inside_a_page(self, monkeypatch):
        monkeypatch.setattr("knowledge.loaders.base.MAX_SECONDS", 0.2)

        with pytest.raises(Unreadable, match="seconds to read"):
            Pdf().load(make_pdf("a) Tj (b) Tj (c" * 100_000))

    def test_text_and_time_are_bounded(self, monkeypatch):
        monkeypatch.setattr("knowledge.loaders.base.MAX_CHARACTERS", 8)
        with pytest.raises(Unreadable, match="more than 8 characters"):
            Pdf().load(make_pdf("one page", "and more"))
        monkeypatch.setattr("knowledge.loaders.base.MAX_SECONDS", -1)
        with pytest.raises(Unreadable, match="seconds to read"):
            Pdf().load(make_pdf("one page"))

    def test_a_circle_of_pages_ends(self):
        made = make_pdf("round and round").replace(b"/Count 1", b"/Count 9")

        assert Pdf().load(made).sections


# Each once kept a pattern walking for minutes, with the interpreter's lock in its hand.
WALKS = {
    "blank lines": "x" + "\n" * 60_000 + "y",
    "blank lines with spaces": "x" + " \n" * 30_000 + "y",
    "tabs": "\t" * 60_000 + "x",
    "spaces in a heading": "# a" + " " * 60_000 + "b",
    "marks in a heading": "# a" + "#" * 60_000 + "b",
    "open brackets": "[" * 60_000,
    "open links": "[a](http://" * 6_000,
    "open comments": "<!--" * 15_000,
    "open stars": "**a " * 15_000,
    "abbreviations": "a. " * 20_000,
    "underscores": "_" * 60_000,
}


@pytest.mark.parametrize("kind", ["md", "txt"])
@pytest.mark.parametrize("content", WALKS.values(), ids=WALKS)
def test_a_text_written_to_exhaust_us_is_read_in_little_time(kind, content):
    begun = time.thread_time()
    for section in LOADERS.get(kind)().load(content.encode()).sections:
        for chunk in chunks(section.text):
            assert len(chunk.text) < 20_000
            fragments(chunk.text)

    assert time.thread_time() - begun < 4


def test_markdown_leaves_out_comments_but_not_what_an_open_one_is_followed_by():
    text = "One <!-- hidden --> two.\n\nThree <!-- four."
    assert Markdown().load(text.encode()).sections[0].text == "One  two.\n\nThree <!-- four."


def test_closing_marks_are_no_part_of_a_heading():
    loaded = Markdown().load(b"## Prices ##\n\nTen euros.")
    assert loaded.sections[0].heading == ("Prices",)
