"""Enquiries with everything in them: name, company, number, budget, date, how to be reached.

Put together from our own phrases, so that whoever leaves all this is not taken for an advertiser.
"""

from itertools import cycle

from agents.offline.training.rows import Row

WEIGHT = 0.5
ROWS = 120  # a language
_PHRASES = {
    "en": (
        ("Hi, I'm {name} from {company}.", "Hello, {name} here, {company}.", "My name is {name}.", "Good morning,", "{name}, owner of {company}.", "{name} here, procurement lead at {company}.", "On behalf of {company}:"),
        ("We need {thing} by {when}.", "Looking for {thing}.", "We would like to order {thing} for our new office.", "Interested in {thing}, delivery {when}.", "Can you quote {thing}?", "Please send a quote for {thing}, delivered {when}.", "Ready to sign the contract today for {thing}."),
        ("Budget around {money}.", "Our budget is {money}.", "", "We can spend up to {money}.", "About {money} in total.", "The budget of {money} is approved."),
        ("it", "You can reach me at it", "Call me on it please.", "Email: it", "", "My direct line is it."),
    ),
    "es": (
        ("Hola, soy {name} de {company}.", "Buenos días, le escribe {name}.", "Me llamo {name}.", "Hola,", "{name}, gerente de {company}.", "{name}, jefa de compras en {company}.", "De parte de {company}:"),
        ("Necesitamos {thing} para {when}.", "Busco {thing}.", "Queremos pedir {thing} para la oficina nueva.", "Me interesa {thing}, entrega en {when}.", "¿Me pasan presupuesto de {thing}?", "Envíen por favor una oferta de {thing} para {when}.", "Listos para firmar hoy el contrato de {thing}."),
        ("Presupuesto unos {money}.", "Podemos gastar hasta {money}.", "", "Tenemos {money}.", "En total {money} más o menos.", "El presupuesto de {money} está aprobado."),
        ("it", "Mi correo es it", "Llámeme al it por favor.", "Tel: it", ""),
    ),
    "ar": (
        ("مرحبا، أنا {name} من {company}.", "السلام عليكم، معكم {name}.", "اسمي {name}.", "مساء الخير،", "{name}، مدير {company}.", "{name}، مسؤول المشتريات في {company}.", "بالنيابة عن {company}:"),
        ("نحتاج {thing} قبل {when}.", "أبحث عن {thing}.", "نريد طلب {thing} للمكتب الجديد.", "مهتم ب{thing} والتسليم {when}.", "ممكن عرض سعر {thing}؟", "أرسلوا لنا عرض سعر {thing} قبل {when}.", "جاهزون لتوقيع العقد اليوم على {thing}."),
        ("الميزانية حوالي {money}.", "ميزانيتنا {money}.", "", "نقدر ندفع لحد {money}.", "تقريباً {money} للكل.", "الميزانية {money} معتمدة."),
        ("it", "إيميلي it", "رقمي it للتواصل.", "تواصلوا معي على it", ""),
    ),
}  # fmt: skip
_FILLING = {
    "en": {
        "name": ("Grace Mwangi", "Tom Baker", "Priya Nair", "Helen Fischer", "Ali Hassan", "Rosa Conti", "Ben"),
        "company": ("Savanna Tours Ltd", "Baker & Sons", "Northwind Logistics", "Bluebird Clinic", "Oak Street School"),
        "thing": ("12 standing desks", "three vans on lease", "a website for a bakery", "200 printed mugs", "50 licences", "catering for 80 guests", "an espresso machine", "a two bedroom flat"),
        "when": ("March", "the end of May", "next Friday", "in two weeks", "1 September", "before Ramadan"),
        "money": ("4000 EUR", "$1,500", "2k", "10,000 dollars", "£350 a month", "15000 AED"),
    },
    "es": {
        "name": ("Carmen López", "Diego Ruiz", "Lucía Fernández", "Andrés Gómez", "Marta Vidal", "Javier"),
        "company": ("Hotel Miramar", "Clínica Sonrisa", "Talleres Ruiz SL", "Café Central", "Colegio San José"),
        "thing": ("30 colchones", "tres furgonetas de alquiler", "una web para una panadería", "200 tazas con logo", "50 licencias", "un catering para 80 personas", "una máquina de café", "un piso de dos habitaciones"),
        "when": ("marzo", "finales de mayo", "el próximo viernes", "dos semanas", "el 1 de septiembre", "este verano"),
        "money": ("4000 euros", "1.500 dólares", "9.000 €", "350 euros al mes", "20 mil pesos", "3000 soles"),
    },
    "ar": {
        "name": ("خالد العمري", "سارة حداد", "محمد علي", "ليلى منصور", "فهد الشمري", "أحمد"),
        "company": ("شركة النور", "فندق الواحة", "عيادة الشفاء", "مطعم البيت", "مدرسة المستقبل"),
        "thing": ("30 مكتب", "ثلاث سيارات للإيجار", "موقع إلكتروني لمخبز", "200 كوب بالشعار", "50 رخصة", "ضيافة لثمانين شخص", "ماكينة قهوة", "شقة غرفتين"),
        "when": ("شهر مارس", "نهاية مايو", "الأسبوع القادم", "أسبوعين", "أول سبتمبر", "رمضان"),
        "money": ("4000 يورو", "1500 دولار", "40 ألف ريال", "350 درهم شهرياً", "20 ألف جنيه", "3000 دينار"),
    },
}  # fmt: skip


def lead_rows() -> list[Row]:
    rows = []
    for language, parts in _PHRASES.items():
        filling = {name: cycle(values) for name, values in _FILLING[language].items()}
        # Lists of lengths without a common divisor: every row is another mixture.
        phrases = [cycle(part[shift:] + part[:shift]) for shift, part in enumerate(parts)]
        for number in range(ROWS):
            if number % len(parts[0]) == 0:
                next(phrases[1 + number // len(parts[0]) % (len(parts) - 1)])
            sentence = " ".join(next(phrase) for phrase in phrases)
            values = {name: next(values) for name, values in filling.items()}
            rows.append(Row(" ".join(sentence.format(**values).split()), "sales", WEIGHT, "own"))
    return rows
