"""Contrast, weight and direction of the design, checked in its sources."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parent.parent.parent / "static" / "leadwire"
BUDGET = 150_000  # bytes of CSS and JavaScript of our own

PAIRS = [
    # text, what it stands on
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink", "note"),
    ("ink-2", "paper"),
    ("ink-2", "surface"),
    ("ink-2", "sunken"),
    ("ink-3", "paper"),
    ("ink-3", "surface"),
    ("pine", "paper"),
    ("pine", "surface"),
    ("pine", "pine-tint"),
    ("on-pine", "pine-fill"),
    ("on-pine", "pine-fill-hover"),
    ("copper", "copper-tint"),
    ("good", "good-tint"),
    ("warn", "warn-tint"),
    ("bad", "bad-tint"),
    ("bad", "surface"),
    ("info", "info-tint"),
    ("info", "surface"),
    ("hot", "hot-tint"),
    ("warm", "warm-tint"),
    ("cold", "cold-tint"),
    ("hot", "surface"),
    ("rail-ink", "rail"),
    ("rail-ink", "rail-active"),
    ("rail-ink-2", "rail"),
]


def tokens():
    """Token -> its colour in light and in dark."""
    found = {}
    for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", (STATIC / "tokens.css").read_text()):
        colours = re.findall(r"#[0-9a-f]{6}", value)
        if colours:
            found[name] = (colours[0], colours[-1])
    return found


def luminance(colour):
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "ground"), PAIRS)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read(text, ground, scheme):
    known = tokens()

    assert contrast(known[text][scheme], known[ground][scheme]) >= 4.5


def test_borders_of_fields_can_be_seen():
    known = tokens()

    for scheme in (0, 1):
        assert contrast(known["line-strong"][scheme], known["surface"][scheme]) >= 3


def test_our_own_css_and_javascript_stay_light():
    weight = sum(path.stat().st_size for path in STATIC.iterdir() if path.suffix in {".css", ".js"})

    assert weight <= BUDGET


def test_sides_are_named_by_reading_direction():
    for path in STATIC.glob("*.css"):
        physical = re.findall(
            r"[\s;{](?:margin|padding|border|inset)-(?:left|right)|[;{\s](?:left|right):"
            r"|text-align:\s*(?:left|right)",
            path.read_text(),
        )
        assert physical == [], path.name


def test_the_living_page_draws_every_component(sign_in):
    drawn = {template.name for template in sign_in("admin").get("/components/").templates}
    pieces = {
        f"components/{path.name}"
        for path in (STATIC.parent.parent / "templates/components").iterdir()
    }

    assert pieces - drawn == set()


def test_what_has_a_fragment_is_drawn_by_it():
    """Markup of these components stands in their fragments and nowhere else."""
    theirs = {
        "notice.html": r'<div class="notice(?! toast)[" ]',
        "pager.html, more.html": r'class="pager"',
        "dialog.html": r'<dialog class="dialog"',
        "step.html": r'<li class="step',
    }
    templates = STATIC.parent.parent / "templates"
    for path in templates.rglob("*.html"):
        if path.parent.name in {"components", "elements"}:
            continue
        source = path.read_text()
        found = [piece for piece, drawn in theirs.items() if re.search(drawn, source)]
        assert found == [], f"{path.relative_to(templates)}: {found}"
