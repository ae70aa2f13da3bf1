"""Words made comparable on both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.languages import detect
from knowledge.lexical import LONGEST_STEM, STEMMERS, normalise, stem, stems, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("أحمد", "احمد"),
        ("إلى", "الي"),
        ("آخر", "اخر"),
        ("مدرسة", "مدرسه"),
        ("مَدْرَسَةٌ", "مدرسة"),
        ("مـــدرســة", "مدرسة"),
        ("مسؤول", "مسوول"),
        ("کتاب", "كتاب"),
        ("Ñandú", "nandu"),
        ("CAFÉ", "cafe"),
        ("ﬁne", "fine"),
        ("naïve", "naive"),
    ],
)
def test_spellings_of_one_word_become_one(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", ["return", "returns", "returned", "returning"]),
        ("es", ["habitación", "habitaciones"]),
        ("es", ["devolver", "devolveremos"]),
        ("ar", ["منتج", "المنتج", "والمنتج", "بالمنتج"]),
        ("ar", ["توصيل", "التوصيل", "للتوصيل"]),
    ],
)
def test_forms_of_one_word_share_a_stem(language, forms):
    assert len({stem(form, language) for form in forms}) == 1


def test_stop_words_go_and_order_and_repetitions_stay():
    assert stems("The pool and the other Pool's bar", "en") == ["pool", "pool", "bar"]


def test_scripts_without_spaces_are_read_in_pairs():
    assert stems("営業時間", "ja") == ["営業", "業時", "時間"]


def test_a_question_looks_for_its_words_in_every_language_of_the_knowledge():
    (only,) = terms("¿habitaciones?", ["en", "es"])

    assert stem("habitación", "es") in only


def test_a_question_of_stop_words_looks_for_nothing():
    assert terms("what is this?", ["en"], "en") == []


def test_every_stemmer_we_name_exists():
    for language in STEMMERS:
        assert stem("information", language)


@given(st.text(max_size=300), st.sampled_from(["", "en", "es", "ar", "ja", "xx"]))
def test_any_text_has_stems_that_can_be_stored(text, language):
    for each in stems(text, language):
        assert each
        assert " " not in each
        assert "\x00" not in each
        assert len(each) <= LONGEST_STEM


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We deliver to the whole country within two days of your order.", "en"),
        ("Entregamos en todo el país dentro de los dos días siguientes a su pedido.", "es"),
        ("نقوم بالتوصيل إلى جميع أنحاء البلاد خلال يومين من طلبك.", "ar"),
        ("Nous livrons dans tout le pays dans les deux jours suivant votre commande.", "fr"),
        ("Wir liefern innerhalb von zwei Tagen nach der Bestellung in das ganze Land.", "de"),
        ("Consegniamo in tutto il paese entro due giorni dal vostro ordine.", "it"),
        ("Entregamos em todo o país dentro de dois dias após o seu pedido.", "pt"),
        ("Мы доставляем по всей стране в течение двух дней.", "ru"),
        ("ご注文から二日以内に全国へお届けします。", "ja"),
        ("12345 !!!", ""),
        ("", ""),
    ],
)
def test_a_text_tells_its_language(text, language):
    assert detect(text) == language
