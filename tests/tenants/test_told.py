"""Sentences that rows keep in English, told in their reader's language."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from channels_app import policy
from channels_app.capabilities import CAPABILITIES
from channels_app.enclosures import Enclosed
from channels_app.models import Message
from channels_app.providers import CHANNELS
from knowledge.loaders.base import Unreadable
from knowledge.loaders.faq import Csv
from tenants import told as sentences
from tenants.told import HOLE, Sentence, told
from tests.factories import make_conversation, make_message

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
FACTS = {
    "text": "x",
    "has_attachments": False,
    "by_human": False,
    "connection_active": True,
    "contact_blocked": False,
    "contact_unreachable": False,
    "last_inbound_at": NOW,
    "now": NOW,
}
LATE = {"last_inbound_at": NOW - timedelta(days=30)}


def refusal(platform="whatsapp", **more) -> policy.Refused:
    verdict = policy.decide(CAPABILITIES[platform], policy.Facts(**{**FACTS, **more}))
    assert isinstance(verdict, policy.Refused)
    return verdict


REFUSALS = {
    "connection_inactive": {"connection_active": False},
    "contact_blocked": {"contact_blocked": True},
    "window_closed": LATE,
    "too_long": {"text": "x" * 5_000},
    "file_type": {"files": (Enclosed(kind="file", mime="video/ogg", name="a; b.ogv"),)},
    "file_too_large": {"files": (Enclosed(kind="image", mime="image/png", size=2**24),)},
    "not_started": {"last_inbound_at": None},
}


@pytest.mark.parametrize(("code", "facts"), REFUSALS.items())
def test_a_refusal_is_kept_in_english_and_told_in_ones_language(code, facts):
    refused = refusal(**{"has_attachments": "files" in facts, **facts})

    assert refused.code == code
    for language in ("ar", "es"):
        with translation.override(language):
            assert refusal(**{"has_attachments": "files" in facts, **facts}) == refused
            said = told(refused.text)
        assert said != refused.text
        # Nothing of the English is left but names of formats, files and the like.
        assert "this channel" not in said.lower()
        assert "their" not in said.lower()
    with translation.override("en"):
        assert told(refused.text) == refused.text


def test_values_inside_values_are_told_too():
    with translation.override("es"):
        said = told(refusal(**LATE).text)
        files = told(refusal(has_attachments=True, **REFUSALS["file_type"]).text)
    assert "24 horas" in said
    assert "imágenes" in files
    assert "“a; b.ogv”" in files


def test_what_nobody_marked_stays_as_it_is():
    with translation.override("es"):
        assert told("Ada's 3 files; 4 days") == "Ada's 3 files; 4 days"
        assert told("") == told(None) == ""


def test_a_document_says_what_is_wrong_in_ones_language():
    with pytest.raises(Unreadable) as raised:
        Csv().load(b"question,answer\nWhat?,\n,Yes\n")
    with translation.override("es"):
        said = told(raised.value)
    assert said == "Omitido: la fila 2 no tiene respuesta; la fila 3 no tiene pregunta."


@pytest.mark.parametrize("language", ["ar", "es"])
def test_every_network_says_how_to_connect(language):
    for platform in CHANNELS:
        text = CHANNELS.get(platform).how_to_connect
        with translation.override("en"):
            english = str(text)
        with translation.override(language):
            assert not english or str(text) != english, platform


@pytest.mark.parametrize("language", ["ar", "es"])
def test_every_sentence_keeps_its_values_in_every_language(language):
    for sentence in [*sentences._whole, *sentences._parts]:
        with translation.override(language):
            found = translation.gettext(sentence)
        assert sorted(HOLE.findall(found)) == sorted(HOLE.findall(sentence)), sentence


def test_what_is_kept_of_a_failed_message_is_told_where_it_is_shown(sign_in):
    talk = make_conversation()
    message = make_message(
        conversation=talk,
        direction=Message.Direction.OUT,
        state=Message.State.FAILED,
        error_code="window_closed",
        error_text=refusal(**LATE).text,
    )
    browser = sign_in("agent")
    browser.cookies["django_language"] = "es"
    page = browser.get(f"/inbox/{message.conversation_id}/").content.decode()
    assert "Su último mensaje tiene más de" in page


def test_a_sentence_is_found_by_the_most_particular_form():
    plain, long = Sentence("%(a)s of %(b)s."), Sentence("Exactly %(a)s of the %(b)s.")
    try:
        assert sentences._whole.index(long) < sentences._whole.index(plain)
    finally:
        sentences._whole.remove(plain)
        sentences._whole.remove(long)
