"""What a question finds, in three languages, and when we say that we do not know."""

import pytest

from knowledge import services
from knowledge.models import Document

HOTEL = """# Blue Door Hotel

## When is check-in and check-out?
Check-in starts at three in the afternoon. Check-out is at eleven in the morning.

## How much is breakfast?
Breakfast costs 14 euros a person and is served from seven to ten in the winter garden.

## Are pets allowed?
Dogs up to ten kilos stay for 20 euros a night. We cannot take cats.

## Where can I park my car?
The garage below the house has forty places; a night costs 25 euros. Charging is free.

## What is your cancellation policy?
You may cancel free of charge until two days before arrival. Later we keep the first night.

## Is there a swimming pool?
The heated pool on the roof is open from May to October.
"""
CLINICA = """# Clínica Sonrisa

## ¿Cuánto cuesta una limpieza dental?
La limpieza dental cuesta 45 euros e incluye una revisión completa.

## ¿Atienden urgencias?
Sí, atendemos urgencias dentales todos los días hasta las diez de la noche.

## ¿Qué seguros aceptan?
Trabajamos con Sanitas, Adeslas y Mapfre.
"""
MATJAR = """# متجر النخيل

## كم تستغرق مدة التوصيل؟
يستغرق التوصيل داخل المدينة يومين، وخارجها خمسة أيام عمل.

## هل يمكنني إرجاع المنتج؟
يمكنك إرجاع المنتج خلال أربعة عشر يومًا من تاريخ الاستلام إذا كان في حالته الأصلية.

## ما هي طرق الدفع المتاحة؟
نقبل الدفع بالبطاقة البنكية أو نقدًا عند الاستلام.
"""


@pytest.fixture
def taught(north, work):
    for name, text in (("hotel.md", HOTEL), ("clinica.md", CLINICA), ("matjar.md", MATJAR)):
        services.add_document(title="", source_name=name, content=text.encode())
    for document in Document.objects.all():
        services.index_document(document_id=document.pk)
    return north


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what time can I check in?", "three in the afternoon"),
        ("can I bring my dog", "Dogs up to ten kilos"),
        ("do you have parking and what does it cost", "garage below the house"),
        ("I need to cancel my booking", "cancel free of charge"),
        ("¿cuánto vale la limpieza de dientes?", "45 euros"),
        ("trabajais con adeslas?", "Adeslas"),
        ("كم يوم ياخذ التوصيل", "يومين"),
        ("ابي ارجع المنتج", "أربعة عشر"),
        ("هل أستطيع الدفع نقدا؟", "نقدًا عند الاستلام"),
    ],
)
def test_a_question_finds_its_passage(taught, question, answer):
    result = services.search(question=question)

    assert answer in result.passages[0].text
    assert result.is_grounded(services.THRESHOLD)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("¿puedo llevar a mi perro?", "Dogs up to ten kilos"),
        ("هل يوجد مسبح؟", "heated pool"),
        ("which payment methods do you accept for the delivery?", "نقبل الدفع"),
    ],
)
def test_a_question_in_another_language_is_found_by_its_meaning(taught, question, answer):
    found = services.search(question=question)

    assert any(answer in passage.text for passage in found.passages[:2])


@pytest.mark.parametrize(
    "question",
    [
        "who won the football world cup in 1998?",
        "can you write me a python script that sorts a list",
        "¿cuál es la capital de Mongolia?",
        "ما هي عاصمة اليابان؟",
        "asdf qwer zxcv",
    ],
)
def test_a_question_about_something_else_is_not_grounded(taught, question):
    assert not services.search(question=question).is_grounded(services.THRESHOLD)
