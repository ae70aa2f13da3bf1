"""Web pages: what a visitor reads on them, and what they may be written to do."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loaders import LOADERS
from knowledge.loaders.base import Unreadable
from knowledge.loaders.webpage import Webpage

SHOP = """<!DOCTYPE html><html><head><title>Shop &ndash; prices</title><style>p{}</style>
<script>document.write("<p>program</p>")</script></head><body>
<nav><a href="/">Home</a></nav>
<div class="cookie-banner"><p>We use cookies.</p></div>
<main><h1>Our <em>shop</em></h1><p>Welcome,<br>friend.</p>
<h2>Hours</h2><ul><li>Mon: 9</li><li>Tue: 10</li></ul>
<h3>Holidays</h3><p style="display: none">secret</p><p hidden>secret</p><p>Closed.</p>
<h2>Prices</h2>
<table><tr><th>Room</th><th>Price</th></tr><tr><td>Double</td><td>90 €</td></tr></table>
</main><footer>© the shop</footer></body></html>"""


def read(page: str | bytes):
    return Webpage().load(page if isinstance(page, bytes) else page.encode())


def told(page):
    return [(section.heading, section.text) for section in read(page).sections]


def test_a_page_is_read_as_a_visitor_does():
    assert told(SHOP) == [
        (("Our shop",), "Welcome,\nfriend."),
        (("Our shop", "Hours"), "- Mon: 9\n- Tue: 10"),
        (("Our shop", "Hours", "Holidays"), "Closed."),
        (("Our shop", "Prices"), "Room | Price\nDouble | 90 €"),
    ]
    assert read(SHOP).title == "Our shop"


def test_blocks_in_blocks_are_lines_however_many_end_at_once():
    page = "<div>" * 30 + "One" + "</div>" * 30 + "<div>Two &#0;&#1;&#xD800;</div>"

    assert told(page)[0][1].startswith("One\nTwo")


def test_without_a_main_part_what_frames_it_is_left_out():
    page = SHOP.replace("<main>", "<div>").replace("</main>", "</div>")

    assert told(page) == told(SHOP)


def test_a_pages_name_is_its_title_where_no_heading_is():
    assert read("<title>Shop &amp; more</title><p>We sell bread.</p>").title == "Shop & more"


def test_questions_that_open_are_headings_of_their_answers_alone():
    page = (
        "<h2>FAQ</h2><details><summary>Do you deliver?</summary><p>Yes.</p></details><p>More.</p>"
        "<dl><dt>Open?</dt><dd>Nine to six.</dd><dt>Sundays?</dt><dd>No.</dd></dl>"
    )

    assert told(page) == [
        (("FAQ", "Do you deliver?"), "Yes."),
        (("FAQ",), "More."),
        (("FAQ", "Open?"), "Nine to six."),
        (("FAQ", "Sundays?"), "No."),
    ]


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>secret</script>",
        "<style>secret</style>",
        "<noscript>secret</noscript>",
        "<template><p>secret</p></template>",
        "<!-- secret -->",
        "<svg><text>secret</text></svg>",
        "<p hidden>secret</p>",
        '<div aria-hidden="true"><p>secret</p></div>',
        '<div style="VISIBILITY : hidden"><div><p>secret</div></div>',
        '<div role="dialog">secret</div>',
        "<select><option>secret</option></select>",
        "<textarea>secret</textarea>",
        "<aside>secret</aside>",
        '<script>"<script>secret</script>',
    ],
)
def test_what_no_visitor_reads_is_never_text(unseen):
    ((_, text),) = told(f"<body><p>Before.</p>{unseen}<p>After.</p></body>")

    assert text == "Before.\n\nAfter."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_pages_in_the_encodings_people_have(encoding):
    assert (
        told("<p>كم سعر الغرفة في الفندق؟</p>".encode(encoding))[0][1] == "كم سعر الغرفة في الفندق؟"
    )


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ("iso-8859-1", "utf-8"),  # wrong, as templates often are
        ("windows-1256", "cp1256"),
        ("klingon", "utf-8"),
        ("klingon", "cp1256"),
        ("hex", "cp1256"),
        ("utf-16", "utf-8"),
    ],
)
def test_what_a_page_says_of_its_charset_is_believed_only_where_its_bytes_agree(said, encoding):
    page = (
        f'<meta charset="{said}"><p>كم سعر الغرفة في الفندق القديم؟ نرجو الرد</p>'
        + "<p>سعر</p>" * 9
    )

    assert told(page.encode(encoding))[0][1].startswith("كم سعر الغرفة في الفندق القديم؟")


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("<html><body><script>x</script></body></html>", "no text on this page"),
        ("<p></p>", "no text on this page"),
    ],
)
def test_what_cannot_be_read_says_why(page, sentence):
    with pytest.raises(Unreadable, match=sentence):
        read(page)


ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
WALKS = {
    "deep": "<div>" * 200_000 + "<p>end",
    "deep and closed": "<div>" * 100_000 + "x" + "</div>" * 100_000,
    "formatting": "".join(f"<b id={n}>" for n in range(50_000)) + "<p>x" * 5_000,
    "links": "<a href=x>x" * 50_000,
    "tables": "<table><tr><td>x" * 20_000,
    "entity bomb": f'<!DOCTYPE html [<!ENTITY a0 "aaaaaaaaaa">{ENTITIES}]><p>x &a9;</p>',
    "open comment": "<p>x</p><!--" * 50_000,
    "open tags": "<p " * 100_000,
    "attributes": "<p " + "".join(f"a{n}=1 " for n in range(60_000)) + ">x",
    "ends": "<p>x" + "</div>" * 200_000,
    "entities": "<p>x" + "&amp" * 200_000,
    "question marks": "<?" * 100_000 + "<p>x",
    "blank": " " * 500_000 + "<p>x",
    "paragraphs": "<p>x" * 100_000,
    "headings": "<h2>x</h2>y" * 50_000,
}


@pytest.mark.parametrize("page", WALKS.values(), ids=WALKS)
def test_a_page_written_to_exhaust_us_costs_little(page):
    begun = time.thread_time()
    try:
        text = "".join(section.text for section in read(page).sections)
    except Unreadable:
        text = ""
    Webpage().is_surely(page.encode())

    assert time.thread_time() - begun < 4
    assert len(text) <= len(page) * 2


def test_no_file_is_opened_for_an_entity():
    page = '<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>x &a; y</p>'

    assert "root:" not in "".join(section.text for section in read(page).sections)


@pytest.mark.parametrize(
    ("page", "kinds"),
    [
        ("<!doctype html><p>x", ["html"]),
        ("\n<!-- a --><HTML><p>x", ["html"]),
        ("# A heading\n<br>and <p>", []),
        ("Words about <html>", []),
    ],
)
def test_it_is_told_by_its_beginning(page, kinds):
    assert [each for each in LOADERS if LOADERS.get(each)().is_surely(page.encode())] == kinds


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)
TAGS = st.sampled_from(
    [*("p", "div", "li", "b", "h1", "h3", "td", "script", "nav", "main", "span"), "details", "dl"]
)


@given(st.lists(WORDS, min_size=1, max_size=12))
def test_every_word_is_kept_in_its_order(words):
    page = "<html><body>" + "".join(f"<p>{word}</p>" for word in words)

    ((_, text),) = told(page)
    assert text.split("\n\n") == words


@given(st.lists(st.one_of(TAGS.map("<{}>".format), TAGS.map("</{}>".format), WORDS), max_size=40))
def test_tags_in_any_order_are_survived(pieces):
    try:
        sections = read("".join(pieces)).sections
    except Unreadable:
        return
    assert all(section.text.strip() for section in sections)
    assert not any("<" in section.text for section in sections)
