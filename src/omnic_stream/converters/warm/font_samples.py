"""What a specimen says in each script: an alphabet and a sentence. Pangrams that belong to nobody, else the first article of the
Universal Declaration of Human Rights or its beginning.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """``alphabet`` is shown as far as the font goes, the first of ``sentences`` that it has every character of."""

    script: str
    initials: tuple[str, ...]
    """Short words for a small picture."""
    alphabet: str
    sentences: tuple[str, ...]
    plain: bool = True
    """Letters stand one after the other from left to right, as they are: no shaping is needed to set it."""


_FOX = "The quick brown fox jumps over the lazy dog"
SAMPLES: tuple[Sample, ...] = (
    Sample(
        "Latin",
        ("Aa", "a", "A"),
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        (f"{_FOX}.", _FOX, _FOX.lower(), _FOX.upper()),
    ),
    Sample(
        "Accents",
        (),
        "",
        ("Příliš žluťoučký kůň úpěl – «ça alors!», sagte Zoë über Åse’s œuvre.", "Zwölf Boxkämpfer, ça alors, mañana"),
    ),
    Sample("Vietnamese", (), "", ("Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm",)),
    Sample(
        "Greek",
        ("Αα", "α"),
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψω",
        ("Ξεσκεπάζω την ψυχοφθόρα βδελυγμία", "Ξεσκεπαζω την ψυχοφθορα βδελυγμια"),
    ),
    Sample(
        "Cyrillic",
        ("Бб", "б"),
        "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя",
        ("Съешь же ещё этих мягких французских булок, да выпей чаю",),
    ),
    Sample("Armenian", ("Աա",), "ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ", ("Բոլոր մարդիկ ծնվում են ազատ ու հավասար",)),
    Sample("Georgian", ("აბ",), "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", ("ყველა ადამიანი იბადება თავისუფალი და თანასწორი",)),
    Sample("Hebrew", ("אב",), "אבגדהוזחטיכךלמםנןסעפףצץקרשת", ("דג סקרן שט בים מאוכזב ולפתע מצא חברה",), plain=False),
    Sample("Arabic", ("أب",), "ابتثجحخدذرزسشصضطظعغفقكلمنهوي", ("يولد جميع الناس أحرارا متساوين في الكرامة والحقوق",), plain=False),
    Sample("Devanagari", ("अआ",), "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", ("सभी मनुष्य जन्म से स्वतन्त्र और समान हैं",), plain=False),
    Sample(
        "Bengali", ("অআ",), "অআইঈউঊএঐওঔকখগঘচছজঝটঠডঢতথদধনপফবভমযরল", ("সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা নিয়ে জন্মগ্রহণ করে",), plain=False
    ),
    Sample("Gurmukhi", ("ਅਆ",), "ਅਆਇਈਉਊਏਐਓਔਕਖਗਘਚਛਜਝਟਠਡਢਤਥਦਧਨਪਫਬਭਮਯਰਲਵਸਹ", ("ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਜਨਮ ਤੋਂ ਹੀ ਆਜ਼ਾਦ ਹੈ",), plain=False),
    Sample("Gujarati", ("અઆ",), "અઆઇઈઉઊએઐઓઔકખગઘચછજઝટઠડઢતથદધનપફબભમયરલવશષસહ", ("સર્વ માનવો જન્મથી સ્વતંત્ર અને સમાન હોય છે",), plain=False),
    Sample("Tamil", ("அஆ",), "அஆஇஈஉஊஎஏஐஒஓகஙசஞடணதநபமயரலவழளறன", ("மனிதர் யாவரும் சுதந்திரமாகவே பிறக்கின்றனர்",), plain=False),
    Sample(
        "Telugu",
        ("అఆ",),
        "అఆఇఈఉఊఎఏఐఒఓకఖగఘచఛజఝటఠడఢతథదధనపఫబభమయరలవశషసహ",
        ("మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు",),
        plain=False,
    ),
    Sample("Kannada", ("ಅಆ",), "ಅಆಇಈಉಊಎಏಐಒಓಕಖಗಘಚಛಜಝಟಠಡಢತಥದಧನಪಫಬಭಮಯರಲವಶಷಸಹ", ("ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ",), plain=False),
    Sample(
        "Malayalam", ("അആ",), "അആഇഈഉഊഎഏഐഒഓകഖഗഘചഛജഝടഠഡഢതഥദധനപഫബഭമയരലവശഷസഹ", ("മനുഷ്യരെല്ലാവരും സ്വതന്ത്രരായി ജനിച്ചിട്ടുള്ളവരാണ്",), plain=False
    ),
    Sample("Sinhala", ("අආ",), "අආඇඈඉඊඋඌඑඒඔඕකඛගඝචඡජටඨඩඪතථදධනපඵබභමයරලවසහ", ("සියලු මනුෂයෝ නිදහස්ව උපත ලබා ඇත",), plain=False),
    Sample("Thai", ("กข",), "กขคฆงจฉชซญฎฏฐณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ", ("มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน",), plain=False),
    Sample("Lao", ("ກຂ",), "ກຂຄງຈຊຍດຕຖທນບປຜຝພຟມຢຣລວສຫອຮ", ("ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ",), plain=False),
    Sample("Khmer", ("កខ",), "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ", ("មនុស្សទាំងអស់កើតមកមានសេរីភាព",), plain=False),
    Sample("Myanmar", ("ကခ",), "ကခဂဃငစဆဇဈညတထဒဓနပဖဗဘမယရလဝသဟအ", ("လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် မွေးဖွားလာသည်",), plain=False),
    Sample("Ethiopic", ("ሀለ",), "ሀለሐመሠረሰሸቀበተቸኀነኘአከኸወዐዘዠየደጀገጠጨጰጸፀፈፐ", ("የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።",)),
    Sample(
        "Japanese",
        ("あア", "あ"),
        "あいうえおかきくけこアイウエオカキクケコ",
        ("いろはにほへと ちりぬるを わかよたれそ つねならむ", "いろはにほへとちりぬるを"),
    ),
    Sample(
        "Han",
        ("永字", "永"),
        "",
        ("天地玄黃 宇宙洪荒 日月盈昃 辰宿列張", "天地玄黄 宇宙洪荒 寒来暑往 秋收冬藏", "天地玄黄宇宙洪荒"),
    ),
    Sample(
        "Hangul",
        ("한글", "가"),
        "가나다라마바사아자차카타파하",
        ("모든 인간은 태어날 때부터 자유로우며 존엄과 권리에 있어 동등하다",),
    ),
)
DIGITS = "0123456789"
PUNCTUATION = ".,:;!?…&@#%()[]{}*/+–—=“”‘’«»§$€£"
