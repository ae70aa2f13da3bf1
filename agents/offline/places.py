"""Countries and large cities by the names people write, in English, Spanish and Arabic."""

_NAMES = """
united states|usa|united kingdom|england|scotland|ireland|canada|australia|new zealand|india|pakistan|bangladesh
spain|españa|france|francia|germany|alemania|italy|italia|portugal|netherlands|belgium|austria|switzerland|suiza
sweden|norway|denmark|finland|poland|greece|turkey|turquía|russia|ukraine|romania|hungary|czech republic|croatia
mexico|méxico|colombia|argentina|chile|peru|perú|ecuador|venezuela|bolivia|uruguay|paraguay|guatemala|costa rica
panama|panamá|cuba|dominican republic|república dominicana|honduras|el salvador|nicaragua|brazil|brasil
saudi arabia|arabia saudí|united arab emirates|uae|emirates|egypt|egipto|jordan|jordania|lebanon|líbano|iraq|kuwait
qatar|bahrain|oman|yemen|syria|palestine|morocco|marruecos|algeria|tunisia|libya|sudan|nigeria|kenya|south africa
ghana|ethiopia|china|japan|japón|singapore|malaysia|indonesia|philippines|thailand|vietnam|hong kong|taiwan|korea
london|manchester|birmingham|leeds|liverpool|bristol|glasgow|edinburgh|dublin|cardiff|belfast|oxford|cambridge
new york|los angeles|chicago|houston|dallas|austin|miami|boston|seattle|denver|atlanta|san francisco|san diego
phoenix|philadelphia|washington|las vegas|orlando|portland|toronto|vancouver|montreal|ottawa|calgary|sydney
melbourne|brisbane|perth|auckland|delhi|new delhi|mumbai|bangalore|bengaluru|chennai|hyderabad|kolkata|pune|jaipur
ahmedabad|karachi|lahore|islamabad|dhaka|madrid|barcelona|valencia|sevilla|seville|bilbao|málaga|malaga|zaragoza
murcia|granada|alicante|córdoba|cordoba|palma|valladolid|vigo|gijón|san sebastián|santander|salamanca|toledo
paris|parís|lyon|marseille|berlin|berlín|munich|múnich|hamburg|frankfurt|cologne|rome|roma|milan|milán|naples|turin
lisbon|lisboa|porto|amsterdam|rotterdam|brussels|bruselas|vienna|viena|zurich|geneva|ginebra|stockholm|oslo
copenhagen|helsinki|warsaw|prague|praga|budapest|athens|atenas|istanbul|estambul|moscow|kyiv
ciudad de méxico|cdmx|mexico city|guadalajara|monterrey|puebla|tijuana|cancún|mérida|querétaro|bogotá|bogota
medellín|medellin|cali|barranquilla|cartagena|buenos aires|rosario|mendoza|santiago|valparaíso|lima|arequipa|cusco
quito|guayaquil|caracas|maracaibo|la paz|montevideo|asunción|san josé|la habana|santo domingo|são paulo
dubai|abu dhabi|sharjah|riyadh|jeddah|mecca|medina|dammam|khobar|doha|manama|muscat|cairo|alexandria|giza|amman
beirut|baghdad|basra|erbil|damascus|aleppo|casablanca|rabat|marrakech|tangier|algiers|tunis|tripoli|khartoum
nairobi|lagos|abuja|accra|cape town|johannesburg|durban|addis ababa|beijing|shanghai|shenzhen|tokyo|seoul|bangkok
jakarta|manila|kuala lumpur|hanoi
السعودية|الإمارات|الامارات|مصر|الأردن|الاردن|لبنان|العراق|الكويت|قطر|البحرين|عمان|عُمان|اليمن|سوريا|فلسطين|المغرب
الجزائر|تونس|ليبيا|السودان|تركيا|إسبانيا|اسبانيا|فرنسا|ألمانيا|المانيا|بريطانيا|أمريكا|امريكا|الهند
الرياض|جدة|جده|مكة|المدينة المنورة|الدمام|الخبر|الطائف|أبها|تبوك|القصيم|بريدة|حائل|جازان|نجران|دبي|أبوظبي|ابوظبي
أبو ظبي|الشارقة|عجمان|رأس الخيمة|العين|الدوحة|المنامة|مسقط|القاهرة|الإسكندرية|الاسكندرية|الجيزة|المنصورة|طنطا
عمّان|إربد|اربد|الزرقاء|العقبة|بيروت|طرابلس|صيدا|بغداد|البصرة|أربيل|اربيل|الموصل|دمشق|حلب|حمص|القدس|رام الله|غزة
نابلس|الخليل|الدار البيضاء|الرباط|مراكش|طنجة|فاس|أكادير|وهران|صنعاء|عدن|الخرطوم|إسطنبول|اسطنبول|لندن|باريس|مدريد
"""
PLACES = frozenset(name for line in _NAMES.split("\n") for name in line.split("|") if name)
