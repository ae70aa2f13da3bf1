"""Closing words and asking for a person, said straight and in a roundabout way."""

import pytest

from agents.offline.acts import is_closing, wants_human

ASKS_FOR_A_PERSON = """
I want to talk to a human
can I speak to someone please
let me speak with whoever is in charge
could somebody call me back?
please have someone call me
is there anybody real I can chat with?
is anyone there?
I'd rather not talk to a machine
I don't want to talk to a bot
this bot is useless, get me a person
stop the automatic replies
put me through to your sales team
connect me with customer service
transfer me to an advisor
who can I talk to about this?
I need to discuss this with a real person
agent please
can a human look at this?
are you a bot? I want somebody real
I'd like to talk to a manager
give me a phone number of a person I can talk to
quiero hablar con una persona
quiero hablar con alguien de carne y hueso
¿me puede atender una persona?
páseme con un compañero por favor
pásame con el encargado
que me llame alguien
¿me puede llamar alguien?
¿hay alguien ahí?
no quiero hablar con una máquina
no quiero un robot
necesito que me atienda un asesor
comuníqueme con atención al cliente
prefiero hablar con un agente humano
¿con quién puedo hablar?
أريد التحدث مع موظف
أبي أكلم أحد من خدمة العملاء
ممكن أتكلم مع شخص حقيقي؟
حولني على موظف لو سمحت
حولوني لخدمة العملاء
خلي أحد يتصل فيني
هل يمكن لأحد أن يتصل بي؟
فيه أحد يرد علي؟
ما أبي أكلم روبوت
لا أريد التحدث مع آلة
مع من أتواصل؟
عايز اكلم حد من الادارة
بدي احكي مع حدا
أريد مدير الفرع
"""
ASKS_FOR_NONE = """
can I talk to you about prices?
I spoke to your manager yesterday and it is solved
the person who delivered it was very kind
how much is it per person?
is the agent's commission included?
does the chair support a person of 120 kg?
we are looking for a real estate agent in Leeds
I am a manager at Acme and need 10 desks
do you sell robots for children?
is there anything for under 50 euros?
call of duty for ps5, do you have it?
my number is 600 111 222, what does it cost?
¿cuánto cuesta por persona?
una mesa para dos personas
hablo español e inglés
¿venden robots de cocina?
el agente inmobiliario me dio su número
كم السعر للشخص الواحد؟
أنا مدير شركة وأحتاج عشر مكاتب
هل تبيعون روبوتات؟
تحدثت مع الموظف أمس وانحلت المشكلة
"""
CLOSES = """
ok thanks
Ok, thank you very much!
great, bye
perfect, see you
no that's all, thanks
that will be all thank you
thanks for your help!
👍
cheers mate
ok, got it
vale, gracias
perfecto, muchas gracias
ok gracias, hasta luego
nada más, gracias
eso es todo, muy amable
تمام شكرا
شكراً جزيلاً لك
الله يعطيك العافية
لا شكرا هذا كل شيء
حسناً مع السلامة
يعطيك العافية تسلم
"""
GOES_ON = """
ok and how much is the big one?
thanks, can you also send the invoice
no thanks, I want the blue one
ok 2 please
great, I'll take it
yes
no
perfect, book it
gracias, ¿y el precio?
vale, quiero dos
شكرا بس كم السعر
تمام احجزه لي
thanks for nothing, where is my order
"""


def lines(text):
    return text.strip().split("\n")


@pytest.mark.parametrize("text", lines(ASKS_FOR_A_PERSON))
def test_asks_for_a_person(text):
    assert wants_human(text)


@pytest.mark.parametrize("text", lines(ASKS_FOR_NONE))
def test_speaks_of_people_without_asking_for_one(text):
    assert not wants_human(text)


@pytest.mark.parametrize("text", lines(CLOSES))
def test_closes(text):
    assert is_closing(text)


@pytest.mark.parametrize("text", lines(GOES_ON))
def test_goes_on(text):
    assert not is_closing(text)
