"""Drafts as a careless model writes them: what the sources say, mixed with what nobody said.

Every sentence cites a true quote; of the unsupported ones the words beside it are invented.
"""

import random
from dataclasses import dataclass
from itertools import product

from agents.schemas import Reply, Sentence

SOURCES = {
    "en": (
        "The standing desk Nova costs 349 EUR. It carries 120 kg and comes in oak or white. The Nova has a warranty of 5 years on the frame.",
        "We deliver in Spain and Portugal within 5 working days. Delivery is free from 100 EUR, below that it costs 9.90 EUR. We do not deliver to the Canary Islands.",
        "You can return any product within 30 days. Write to returns@nova.example to start a return. We refund the price within 14 days after the product arrives.",
        "Our showroom in Madrid, Calle Mayor 12, is open Monday to Friday from 9:00 to 18:00. Call +34 910 555 100 or book a visit at nova.example/visit.",
        "Companies that order ten desks or more get 8 % discount. You can pay by card or by bank transfer.",
    ),
    "es": (
        "El escritorio elevable Nova cuesta 349 EUR. Soporta 120 kg y lo hay en roble o blanco. El Nova tiene una garantía de 5 años en la estructura.",
        "Entregamos en España y Portugal en 5 días laborables. El envío es gratis desde 100 EUR, por debajo cuesta 9,90 EUR. No entregamos en Canarias.",
        "Puedes devolver cualquier producto en 30 días. Escribe a returns@nova.example para empezar una devolución. Reembolsamos el precio en 14 días desde que llega el producto.",
        "Nuestra tienda de Madrid, Calle Mayor 12, abre de lunes a viernes de 9:00 a 18:00. Llama al +34 910 555 100 o reserva una visita en nova.example/visit.",
        "Las empresas que piden diez escritorios o más tienen un 8 % de descuento. Puedes pagar con tarjeta o por transferencia.",
    ),
    "ar": (
        "سعر مكتب نوفا القابل للرفع 349 يورو. يحمل 120 كغ ويتوفر بلون البلوط أو الأبيض. لمكتب نوفا ضمان 5 سنوات على الهيكل.",
        "نوصل في إسبانيا والبرتغال خلال 5 أيام عمل. التوصيل مجاني من 100 يورو، وما دون ذلك 9.90 يورو. لا نوصل إلى جزر الكناري.",
        "يمكنك إرجاع أي منتج خلال 30 يوما. اكتب إلى returns@nova.example لبدء الإرجاع. نرد المبلغ خلال 14 يوما بعد وصول المنتج.",
        "معرضنا في مدريد، شارع مايور 12، مفتوح من الاثنين إلى الجمعة من 9:00 إلى 18:00. اتصل على +34 910 555 100 أو احجز زيارة على nova.example/visit.",
        "الشركات التي تطلب عشرة مكاتب أو أكثر تحصل على خصم 8 %. يمكنك الدفع بالبطاقة أو بالتحويل البنكي.",
    ),
}  # fmt: skip

# What may be said: (words, source, the words that support it).
SUPPORTED = {
    "en": [
        ("The Nova costs 349 EUR.", 1, "costs 349 EUR"),
        ("It's €349 for the standing desk.", 1, "costs 349 EUR"),
        ("It can carry up to 120 kilos.", 1, "It carries 120 kg"),
        ("You can have it in oak or in white.", 1, "comes in oak or white"),
        ("There is a five-year warranty on the frame.", 1, "warranty of 5 years on the frame"),
        ("Delivery to Spain takes up to five working days.", 2, "within 5 working days"),
        ("From 100 EUR on we deliver for free.", 2, "Delivery is free from 100 EUR"),
        ("Delivery is free of charge from 100 euros.", 2, "Delivery is free from 100 EUR"),
        ("For smaller orders delivery costs €9.90.", 2, "below that it costs 9.90 EUR"),
        ("Unfortunately we don't deliver to the Canary Islands.", 2, "We do not deliver to the Canary Islands"),
        ("You have 30 days to send it back.", 3, "You can return any product within 30 days"),
        ("Just write to returns@nova.example to start a return.", 3, "Write to returns@nova.example"),
        ("We give you your money back within 14 days.", 3, "We refund the price within 14 days"),
        ("We are open from Monday to Friday, 9:00 to 18:00.", 4, "open Monday to Friday from 9:00 to 18:00"),
        ("You find us at Calle Mayor 12 in Madrid.", 4, "Our showroom in Madrid, Calle Mayor 12"),
        ("You can ring us on +34 910 555 100.", 4, "Call +34 910 555 100"),
        ("Book your visit at nova.example/visit.", 4, "book a visit at nova.example/visit"),
        ("If your company orders ten desks or more, you get 8% off.", 5, "get 8 % discount"),
        ("You may pay by card or bank transfer.", 5, "You can pay by card or by bank transfer"),
    ],
    "es": [
        ("El Nova cuesta 349 euros.", 1, "cuesta 349 EUR"),
        ("Son 349 € por el escritorio.", 1, "cuesta 349 EUR"),
        ("Aguanta hasta 120 kilos.", 1, "Soporta 120 kg"),
        ("Lo tenemos en roble y en blanco.", 1, "lo hay en roble o blanco"),
        ("La estructura tiene cinco años de garantía.", 1, "garantía de 5 años"),
        ("En España lo entregamos en cinco días laborables.", 2, "en 5 días laborables"),
        ("A partir de 100 euros el envío es gratuito.", 2, "El envío es gratis desde 100 EUR"),
        ("Por debajo de 100 EUR el envío cuesta 9,90 EUR.", 2, "por debajo cuesta 9,90 EUR"),
        ("Lo siento, no entregamos en Canarias.", 2, "No entregamos en Canarias"),
        ("Tienes 30 días para devolverlo.", 3, "Puedes devolver cualquier producto en 30 días"),
        ("Para empezar la devolución escribe a returns@nova.example.", 3, "Escribe a returns@nova.example"),
        ("Te reembolsamos el precio en un plazo de 14 días.", 3, "Reembolsamos el precio en 14 días"),
        ("Abrimos de lunes a viernes, de 9:00 a 18:00.", 4, "abre de lunes a viernes de 9:00 a 18:00"),
        ("Estamos en la Calle Mayor 12 de Madrid.", 4, "Nuestra tienda de Madrid, Calle Mayor 12"),
        ("Puedes llamar al +34 910 555 100.", 4, "Llama al +34 910 555 100"),
        ("Reserva tu visita en nova.example/visit.", 4, "reserva una visita en nova.example/visit"),
        ("Si tu empresa pide diez escritorios o más, hay un 8% de descuento.", 5, "un 8 % de descuento"),
        ("Se puede pagar con tarjeta o por transferencia.", 5, "Puedes pagar con tarjeta o por transferencia"),
    ],
    "ar": [
        ("سعر نوفا 349 يورو.", 1, "349 يورو"),
        ("ثمن المكتب ٣٤٩ يورو.", 1, "349 يورو"),
        ("يتحمل المكتب حتى 120 كيلو.", 1, "يحمل 120 كغ"),
        ("متوفر بلون البلوط أو بالأبيض.", 1, "ويتوفر بلون البلوط أو الأبيض"),
        ("على الهيكل ضمان لخمس سنوات.", 1, "ضمان 5 سنوات"),
        ("يصلك الطلب في إسبانيا خلال خمسة أيام عمل.", 2, "خلال 5 أيام عمل"),
        ("التوصيل مجانا ابتداء من 100 يورو.", 2, "التوصيل مجاني من 100 يورو"),
        ("للطلبات الأصغر يكلف التوصيل 9.90 يورو.", 2, "وما دون ذلك 9.90 يورو"),
        ("للأسف لا نوصل إلى جزر الكناري.", 2, "لا نوصل إلى جزر الكناري"),
        ("لديك 30 يوما لإرجاع المنتج.", 3, "يمكنك إرجاع أي منتج خلال 30 يوما"),
        ("اكتب إلى returns@nova.example لتبدأ الإرجاع.", 3, "اكتب إلى returns@nova.example"),
        ("نعيد لك المبلغ خلال 14 يوما.", 3, "نرد المبلغ خلال 14 يوما"),
        ("نفتح من الاثنين إلى الجمعة من 9:00 إلى 18:00.", 4, "مفتوح من الاثنين إلى الجمعة من 9:00 إلى 18:00"),
        ("تجدنا في شارع مايور 12 في مدريد.", 4, "معرضنا في مدريد، شارع مايور 12"),
        ("يمكنك الاتصال على +34 910 555 100.", 4, "اتصل على +34 910 555 100"),
        ("احجز زيارتك على nova.example/visit.", 4, "احجز زيارة على nova.example/visit"),
        ("إذا طلبت شركتك عشرة مكاتب أو أكثر فهناك خصم 8%.", 5, "تحصل على خصم 8 %"),
        ("الدفع بالبطاقة أو بالتحويل البنكي.", 5, "يمكنك الدفع بالبطاقة أو بالتحويل البنكي"),
    ],
}  # fmt: skip

# What nobody said, by kind; the quote beside it is true.
UNSUPPORTED = {
    "en": {
        "number": [
            ("It carries up to 150 kg.", 1, "It carries 120 kg"),
            ("The warranty runs for ten years.", 1, "warranty of 5 years on the frame"),
            ("Delivery takes only two days.", 2, "within 5 working days"),
            ("You have 60 days to return it.", 3, "within 30 days"),
            ("You can return it within 30 weeks.", 3, "within 30 days"),
            ("Your money is back within five days.", 3, "within 14 days"),
            ("We deliver within 30 days.", 3, "You can return any product within 30 days"),
            ("We have sold 4,000 desks this year.", 1, "The standing desk Nova"),
        ],
        "price": [
            ("The Nova costs 299 EUR.", 1, "costs 349 EUR"),
            ("It is just $349.", 1, "costs 349 EUR"),
            ("Delivery costs €4.90.", 2, "it costs 9.90 EUR"),
            ("An extra drawer costs fifty euros.", 1, "costs 349 EUR"),
            ("Companies get 15% off.", 5, "get 8 % discount"),
            ("Delivery is free from 50 EUR.", 2, "Delivery is free from 100 EUR"),
        ],
        "date": [
            ("We are open on Saturdays too.", 4, "open Monday to Friday"),
            ("Your desk arrives on 24 December.", 2, "within 5 working days"),
            ("The offer ends in March 2027.", 5, "get 8 % discount"),
            ("We are open until 20:00.", 4, "from 9:00 to 18:00"),
            ("The Nova arrives tomorrow.", 2, "We deliver in Spain"),
            ("We can have it there next week.", 2, "We deliver in Spain"),
            ("Order now and we ship it today.", 2, "We deliver in Spain"),
        ],
        "link": [
            ("Order at www.nova-deals.example/order.", 4, "nova.example/visit"),
            ("See https://nova.example/sale for more.", 4, "nova.example/visit"),
            ("The manual is at nova.example/manual.pdf.", 4, "nova.example/visit"),
        ],
        "email": [
            ("Write to help@nova.example.", 3, "Write to returns@nova.example"),
            ("Our manager reads boss@gmail.com.", 3, "Write to returns@nova.example"),
        ],
        "phone": [
            ("Call us on +34 910 555 199.", 4, "Call +34 910 555 100"),
            ("Our hotline is 900 123 456.", 4, "Call +34 910 555 100"),
        ],
        "promise": [
            ("We guarantee that you will love it.", 1, "comes in oak or white"),
            ("Assembly is included at no extra cost.", 1, "comes in oak or white"),
            ("A technician will install it at your home.", 2, "We deliver in Spain and Portugal"),
            ("We deliver all over the world.", 2, "We deliver in Spain and Portugal"),
            ("You can pay in instalments without interest.", 5, "You can pay by card"),
            ("I have already reserved one for you.", 1, "comes in oak or white"),
            ("Your order has been cancelled.", 3, "You can return any product"),
            ("A colleague will call you back within the hour.", 4, "Call +34 910 555 100"),
            ("We match any price that you find.", 1, "costs 349 EUR"),
            ("It comes with a lifetime warranty.", 1, "warranty of 5 years on the frame"),
            ("We are there for you around the clock.", 4, "open Monday to Friday"),
            ("You get a free chair as a gift.", 2, "Delivery is free from 100 EUR"),
            ("It's the best price on the market.", 1, "costs 349 EUR"),
            ("The frame is officially certified.", 1, "warranty of 5 years on the frame"),
            ("If you order today, we refund the difference.", 3, "We refund the price"),
            ("Delivery is insured.", 2, "We deliver in Spain and Portugal"),
        ],
        "opposite": [
            ("We do deliver to the Canary Islands.", 2, "We do not deliver to the Canary Islands"),
            ("You cannot return products.", 3, "You can return any product"),
            ("We don't deliver in Portugal.", 2, "We deliver in Spain and Portugal"),
        ],
    },
    "es": {
        "number": [
            ("Aguanta hasta 150 kg.", 1, "Soporta 120 kg"),
            ("La garantía es de diez años.", 1, "garantía de 5 años"),
            ("La entrega tarda solo dos días.", 2, "en 5 días laborables"),
            ("Tienes 60 días para devolverlo.", 3, "en 30 días"),
            ("Puedes devolverlo en 30 semanas.", 3, "en 30 días"),
            ("Entregamos en 30 días.", 3, "Puedes devolver cualquier producto en 30 días"),
            ("Llevamos 25 años en el sector.", 1, "El escritorio elevable Nova"),
        ],
        "price": [
            ("El Nova cuesta 299 EUR.", 1, "cuesta 349 EUR"),
            ("Cuesta 349 dólares.", 1, "cuesta 349 EUR"),
            ("El envío cuesta 4,90 €.", 2, "cuesta 9,90 EUR"),
            ("El cajón cuesta cincuenta euros.", 1, "cuesta 349 EUR"),
            ("Las empresas tienen un 15 % de descuento.", 5, "un 8 % de descuento"),
        ],
        "date": [
            ("También abrimos los sábados.", 4, "abre de lunes a viernes"),
            ("Llega el 24 de diciembre.", 2, "en 5 días laborables"),
            ("Abrimos hasta las 20:00.", 4, "de 9:00 a 18:00"),
            ("El Nova te llega mañana.", 2, "Entregamos en España"),
            ("Lo tendrás la semana que viene.", 2, "Entregamos en España"),
            ("Si pides ahora, sale hoy mismo.", 2, "Entregamos en España"),
        ],
        "link": [
            ("Pide en www.nova-ofertas.example/pedido.", 4, "nova.example/visit"),
            ("Mira https://nova.example/rebajas.", 4, "nova.example/visit"),
        ],
        "email": [
            ("Escribe a ayuda@nova.example.", 3, "Escribe a returns@nova.example"),
            ("El gerente lee jefe@gmail.com.", 3, "Escribe a returns@nova.example"),
        ],
        "phone": [
            ("Llama al +34 910 555 199.", 4, "Llama al +34 910 555 100"),
            ("Nuestro teléfono es 900 123 456.", 4, "Llama al +34 910 555 100"),
        ],
        "promise": [
            ("Te garantizamos que te encantará.", 1, "lo hay en roble o blanco"),
            ("El montaje está incluido sin coste.", 1, "lo hay en roble o blanco"),
            ("Un técnico te lo instala en casa.", 2, "Entregamos en España y Portugal"),
            ("Entregamos en todo el mundo.", 2, "Entregamos en España y Portugal"),
            ("Puedes pagar a plazos sin intereses.", 5, "Puedes pagar con tarjeta"),
            ("Ya te he reservado uno.", 1, "lo hay en roble o blanco"),
            ("Tu pedido ha sido cancelado.", 3, "Puedes devolver cualquier producto"),
            ("Un compañero te llamará enseguida.", 4, "Llama al +34 910 555 100"),
            ("Igualamos cualquier precio.", 1, "cuesta 349 EUR"),
            ("Tiene garantía de por vida.", 1, "garantía de 5 años"),
            ("Atendemos las 24 horas.", 4, "abre de lunes a viernes"),
            ("Te llevas una silla de regalo.", 2, "El envío es gratis"),
            ("Es el mejor precio del mercado.", 1, "cuesta 349 EUR"),
            ("La estructura está certificada.", 1, "garantía de 5 años"),
            ("El envío va asegurado.", 2, "Entregamos en España y Portugal"),
        ],
        "opposite": [
            ("Sí entregamos en Canarias.", 2, "No entregamos en Canarias"),
            ("No puedes devolver los productos.", 3, "Puedes devolver cualquier producto"),
        ],
    },
    "ar": {
        "number": [
            ("يتحمل حتى 150 كغ.", 1, "يحمل 120 كغ"),
            ("الضمان عشر سنوات.", 1, "ضمان 5 سنوات"),
            ("يستغرق التوصيل يومين فقط.", 2, "خلال 5 أيام عمل"),
            ("لديك 60 يوما للإرجاع.", 3, "خلال 30 يوما"),
            ("يمكنك الإرجاع خلال 30 أسبوعا.", 3, "خلال 30 يوما"),
            ("نوصل خلال 30 يوما.", 3, "يمكنك إرجاع أي منتج خلال 30 يوما"),
            ("بعنا 4000 مكتب هذا العام.", 1, "سعر مكتب نوفا"),
        ],
        "price": [
            ("سعر نوفا 299 يورو.", 1, "349 يورو"),
            ("السعر 349 دولار.", 1, "349 يورو"),
            ("التوصيل ٤.٩٠ يورو.", 2, "9.90 يورو"),
            ("الدرج الإضافي بخمسين يورو.", 1, "349 يورو"),
            ("للشركات خصم 15 %.", 5, "تحصل على خصم 8 %"),
        ],
        "date": [
            ("نفتح يوم السبت أيضا.", 4, "مفتوح من الاثنين إلى الجمعة"),
            ("يصل في 24 ديسمبر.", 2, "خلال 5 أيام عمل"),
            ("نفتح حتى 20:00.", 4, "من 9:00 إلى 18:00"),
            ("يصلك المكتب غدا.", 2, "نوصل في إسبانيا"),
            ("سيكون عندك الأسبوع القادم.", 2, "نوصل في إسبانيا"),
            ("اطلب الآن ونشحنه اليوم.", 2, "نوصل في إسبانيا"),
        ],
        "link": [
            ("اطلب من www.nova-deals.example/order.", 4, "nova.example/visit"),
            ("انظر https://nova.example/sale.", 4, "nova.example/visit"),
        ],
        "email": [
            ("اكتب إلى help@nova.example.", 3, "اكتب إلى returns@nova.example"),
        ],
        "phone": [
            ("اتصل على +34 910 555 199.", 4, "اتصل على +34 910 555 100"),
            ("رقمنا ٩٠٠ ١٢٣ ٤٥٦.", 4, "اتصل على +34 910 555 100"),
        ],
        "promise": [
            ("نضمن لك أنه سيعجبك.", 1, "ويتوفر بلون البلوط"),
            ("التركيب مشمول بدون تكلفة.", 1, "ويتوفر بلون البلوط"),
            ("سيزورك فني لتركيبه.", 2, "نوصل في إسبانيا والبرتغال"),
            ("نوصل إلى جميع أنحاء العالم.", 2, "نوصل في إسبانيا والبرتغال"),
            ("يمكنك الدفع بالتقسيط بدون فوائد.", 5, "يمكنك الدفع بالبطاقة"),
            ("حجزنا لك واحدا.", 1, "ويتوفر بلون البلوط"),
            ("تم إلغاء طلبك.", 3, "يمكنك إرجاع أي منتج"),
            ("سيتصل بك زميل خلال ساعة.", 4, "اتصل على +34 910 555 100"),
            ("الضمان مدى الحياة.", 1, "ضمان 5 سنوات"),
            ("نرد عليك على مدار الساعة.", 4, "مفتوح من الاثنين إلى الجمعة"),
            ("تحصل على كرسي هدية.", 2, "التوصيل مجاني"),
            ("هذا أفضل سعر في السوق.", 1, "349 يورو"),
            ("الهيكل معتمد رسميا.", 1, "ضمان 5 سنوات"),
            ("التوصيل مؤمن عليه.", 2, "نوصل في إسبانيا والبرتغال"),
        ],
        "opposite": [
            ("نوصل إلى جزر الكناري.", 2, "لا نوصل إلى جزر الكناري"),
            ("لا يمكنك إرجاع المنتجات.", 3, "يمكنك إرجاع أي منتج"),
        ],
    },
}  # fmt: skip

GREETINGS = {
    "en": "Thanks for asking! What else can I do for you today?",
    "es": "¡Gracias por tu mensaje! ¿En qué más puedo ayudarte hoy?",
    "ar": "شكرا على سؤالك! بماذا يمكنني أن أساعدك اليوم؟",
}


@dataclass(frozen=True)
class Judged:
    """A sentence of a draft, and whether it may be said."""

    sentence: Sentence
    kind: str  # "supported", or what is invented

    @property
    def may_be_said(self) -> bool:
        return self.kind == "supported"


@dataclass(frozen=True)
class ClaimDraft:
    """One draft; the sources stand in ``read_in``, the words in ``written_in``."""

    written_in: str
    read_in: str
    parts: tuple[Judged, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        return SOURCES[self.read_in]

    @property
    def reply(self) -> Reply:
        return Reply(grounded=True, sentences=[part.sentence for part in self.parts])


def claim_drafts() -> list[ClaimDraft]:
    """Each invented sentence among true ones; a third of them from sources in another language."""
    dice = random.Random(20261120)  # noqa: S311
    drafts: list[ClaimDraft] = []
    for written, read in product(SOURCES, SOURCES):
        for kind, cases in UNSUPPORTED[written].items():
            for number, (text, source, quote) in enumerate(cases):
                if written != read and (len(drafts) + number) % 3:
                    continue
                cited = quote if written == read else SOURCES[read][source - 1].split(". ")[0]
                if written != read and kind == "opposite":
                    continue
                bad = Judged(Sentence(text=text, source=source, quote=cited), kind)
                drafts.append(_among(bad, written, read, dice))
    return drafts


def _among(bad: Judged, written: str, read: str, dice: random.Random) -> ClaimDraft:
    good = [
        Judged(Sentence(text=text, source=source, quote=_quote(written, read, source, quote)),
               "supported")
        for text, source, quote in dice.sample(SUPPORTED[written], 2)
    ]  # fmt: skip
    greeting = Judged(Sentence(text=GREETINGS[written]), "supported")
    parts = [*good, bad]
    dice.shuffle(parts)
    return ClaimDraft(written, read, tuple([*parts, greeting][: 4 if dice.random() < 0.5 else 3]))


def _quote(written: str, read: str, source: int, quote: str) -> str:
    """The same words of the source in its own language: sources say the same in each."""
    if written == read:
        return quote
    at = next(n for n, s in enumerate(_sentences(written, source)) if quote in s)
    return _sentences(read, source)[at]


def _sentences(language: str, source: int) -> list[str]:
    return [part.rstrip(".") for part in SOURCES[language][source - 1].split(". ")]
