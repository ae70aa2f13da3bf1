"""Arabic and Spanish are complete, compiled, and change the page's direction where they should."""

import ast
import gettext
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("agents", "channels_app", "config", "crm", "knowledge", "leads", "tenants")
LANGUAGES = ("ar", "es")


def catalogue(language):
    """msgid -> translation, as the .mo that is shipped says."""
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return vars(gettext.GNUTranslations(file))["_catalog"]


def entries(language):
    """The single-form entries of the .po: (msgid, msgstr)."""
    text = (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    joined = re.sub(r'"\n"', "", text)
    return re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', joined, re.MULTILINE)


def marked_in_templates():
    for path in (ROOT / "templates").rglob("*.html"):
        html = path.read_text()
        yield from re.findall(r'{% translate "([^"]+)"', html)
        yield from re.findall(r'=_\("([^"]+)"\)', html)


def marked_in_code():
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in MARKS:
                    continue
                if node.args and isinstance(node.args[0], ast.Constant):
                    yield str(node.args[0].value)


MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_string_is_translated_and_compiled(language):
    known = catalogue(language)

    missing = {
        text
        for text in [*marked_in_templates(), *marked_in_code()]
        if not known.get(text) and text not in {"no"}
    }

    assert missing == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_one_that_is_read(language):
    known = catalogue(language)

    for msgid, translation in entries(language):
        text = ast.literal_eval(f'"{msgid}"')
        assert known[text] == ast.literal_eval(f'"{translation}"'), msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_their_placeholders(language):
    holes = re.compile(r"%\((\w+)\)")
    for msgid, translation in entries(language):
        assert set(holes.findall(msgid)) == set(holes.findall(translation)), msgid


@pytest.mark.parametrize(
    ("language", "direction", "word"), [("ar", "rtl", "الوارد"), ("es", "ltr", "Bandeja")]
)
def test_a_page_in_another_language(sign_in, language, direction, word):
    browser = sign_in("agent")
    browser.cookies["django_language"] = language

    html = browser.get("/").content.decode()

    assert f'<html lang="{language}" dir="{direction}"' in html
    assert word in html
