# ruff: noqa: RUF001 -- posts of other languages have letters that look like Latin ones
"""Ordinary posts in several languages, composed from templates and lists of words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from rules.heuristics.benign import titles

_TARGETS = (
    *("https://www.example.com/timetable", "http://library.example.org/books?id=12&lang=en", "https://example.net/"),
    *("https://wiki.example.org/wiki/Tea_(drink)", "https://shop.example.com/p/oak-table-120x80", "/help"),
)
_NAMES = (
    "here",
    "the timetable",
    "Anleitung",
    "la notice",
    "el horario",
    "rozkład jazdy",
    "расписание",
    "公式サイト",
    "burada",
)
_MARKUPS = (
    '<a href="{to}">{name}</a>',
    '<a rel="nofollow" href="{to}" target="_blank">{name}</a>',
    "[url={to}]{name}[/url]",
    "[{name}]({to})",
    "{name}: {to}",
    "<{to}>",
)
_AROUND = (
    "The plan changed on Monday, see {link}.",
    "Wir haben es so gelöst: {link} – danke an alle!",
    "J'ai trouvé la réponse sur {link}, merci.",
    "Lo explican muy bien en {link}. ¡Gracias!",
    "Znalazłem to tutaj: {link}. Pozdrawiam",
    "Нашёл ответ тут: {link}, спасибо большое.",
    "詳しくは{link} を見てください。",
    "Cevabı {link} adresinde buldum, teşekkürler.",
)
_TWO = (
    "Compare {one} with {two}: the second is newer.",
    "Zuerst {one}, dann {two}.",
    "Сначала {one}, потом {two}.",
    "{one} と {two} の違いは？",
)
_GOODS = (
    *("table", "tent", "kettle", "bicycle", "phone case", "novel", "lamp", "pair of shoes", "camera", "tea", "wallet"),
    *("watch", "printer", "router", "poker set"),
)
_REVIEWS = (
    "The {good} arrived after two days and is sooooo good!!! 5/5, would buy again.",
    "Sadly the {good} broke in a week. Customer service was kind, though: I got a refund.",
    "I paid $49.99 for this {good}; cheap, but you get what you pay for. Pictures: https://photos.example.com/a/7",
    "Great {good}. Review with measurements at https://blog.example.net/{good} if you like.",
    "Is the {good} free of BPA? I couldn't find it on the site.",
    "We won a {good} in the school raffle, hahahaha 😂😂😂",
    "My brother's {good} is 120 x 80 x 75 cm, mine 140 × 80 × 75 cm. Weight: 12.5 kg.",
)
_SIGNATURES = (
    "Kind regards\nAnn Example\nTel. {phone}",
    "If it is urgent, call our office at {phone} (Mon-Fri, 9-17).",
    "Our customer service answers on {phone}; have your order number ready.",
    "Call the printer's support at {phone}, they helped me.",
    "Rückfragen bitte an {phone}.",
    "Appelez-nous au {phone}, merci.",
    "Llámenos al {phone}.",
    "Proszę dzwonić: {phone}.",
    "Звоните: {phone}, спросить Ольгу.",
    "お問い合わせは {phone} まで。",
    "Bizi {phone} numarasından arayabilirsiniz.",
    "Text me on WhatsApp when you are at the door, else ring {phone}.",
)
_PHONES = (
    *("020 7946 0958", "+44 20 7946 0958", "(212) 555-0142", "1-212-555-0142", "030 901820", "+49 30 901820"),
    *("01 99 00 12 34", "+34 910 000 000", "22 555 01 23", "+7 495 000-00-00", "03-5555-0142", "0212 555 01 42"),
    *("0800 123 4567", "1-800-555-0199"),
)
_FOOD = (*("flour", "Mehl", "farine", "harina", "mąki", "муки", "小麦粉", "un", "sugar", "butter", "rice", "beans"),)
_RECIPES = (
    "200 g {food}, 3 eggs, 1/2 l milk; 180 °C for 25 min. Serves 4.",
    "- 1 cup {food}\n- 2 tbsp. oil\n- 1 pinch of salt\n\nMix, rest, bake.",
    "Instead of {food} I take half the amount of oats (90 g), sooo much better :-)",
)
_POEMS = (
    "The river bends,\nthe willow sends\nits leaves a-sailing,\n{end}.",
    "Der Abend kommt,\nder Wind wird still,\n{end}.",
    "Тихо, тихо,\nпадает снег,\n{end}.",
    "row row row the boat\nand round and round and round we go,\n{end}",
)
_ENDS = (
    *(
        "and home we go",
        "la la la la la la",
        "so say we all",
        "und alles schläft",
        "и спит река",
        "静かな夜",
        "gece oldu",
    ),
    *("buy, buy love", "free, free, free as birds", "ha ha ha ha ha"),
)
_MIXED = (
    "Купил {brand} на прошлой неделе, работает отлично, зарядки хватает на 2 дня.",
    "Кто-нибудь ставил {brand} на Windows 11? У меня ошибка 0x80070005.",
    "{brand}を買って3日目ですが、battery の持ちが良いです。",
    "{brand} ile iki haftadır çalışıyorum, çok memnunum.",
    "Mam {brand} od roku i polecam, choć support odpowiada wolno.",
    "Mein {brand} macht nach dem Update Geräusche, what the heck?",
    "Notre {brand} est tombé en panne; le support a répondu en 10 min.",
    "El {brand} de mi hermana es mejor, jajajajaja.",
    "My {brand} and I: a love story in 1000 words, part 1.",
)
_BRANDS = (
    *("iPhone 15", "Nikon Z6", "Bosch GSR 12V", "ThinkPad X1", "Kindle", "Garmin 965", "Roku", "HP LaserJet", "PayPal"),
    *("Epson ET-2850", "Netflix", "Raspberry Pi 5", "VW Golf", "IKEA Billy", "LEGO 10300"),
)
_SCIENCE = (
    "With λ = {n} nm the photon has E = hc/λ, roughly {m} eV.",
    "If ∑ aₙ converges and |x| < {n}, then so does ∑ aₙxⁿ; see Rudin, p. {m}.",
    "Für α = {n}° gilt sin²α + cos²α = 1, also μ·g·{m} kg.",
    "R₁ = {n} kΩ, C = {m} µF, so τ = RC.",
    "Пусть ε > 0, тогда δ = ε/{n}; отсюда |f(x) − {m}| < ε.",
)
_TALES = (
    "Is viagra dangerous for somebody {n} years old with a weak heart? My doctor is on holiday.",
    "We walked past the casino, bought {n} ice creams and took the night train home.",
    "The bank lent us {n},000 for the roof, a loan that we pay back until 2031.",
    "I wrote {n} pages of my essay, and now the printer is on strike.",
    "Telegram or Signal, which do {n} of your friends use?",
    "I get {n} mails a day that say I have inherited a fortune.",
    "You have chosen well, {n} of us bought the same.",
    "Order {n}0{n}-77 shipped; 08:15, 09:15, 10:15 and 11:15 are the slots for delivery.",
    "{n} : {n}",
    "Does anybody get up at {n}? I earn my money at night.",
    "Text me at {n}, or reply here if the bus is late.",
)
_CODE_POSTS = (
    "Type `{code}` in the terminal, then wait.",
    "```\n{code}\n```\nis what I run, and nothing happens.",
    "Why does {code} give me an error?",
    "In der Doku steht `{code}`, bei mir geht es nicht.",
    "После `{code}` ничего не происходит.",
    "`{code}` を実行するとエラーになります。",
)
_CODES = (
    *(
        "chmod 755 run.sh",
        "cat notes.txt | sort | uniq -c",
        "sudo systemctl restart nginx",
        "SELECT * FROM t WHERE id = 1",
    ),
    *(
        "List<object> x = new();",
        "<svg width='10'></svg>",
        "<script>alert('hi')</script>",
        "document.cookie",
        "a && b || c",
    ),
    *(
        '<button onclick="go()">Go</button>',
        "if (a < b) { return; }",
        "[url=https://example.com]x[/url]",
        "x = x * 2 * 3",
    ),
    *(
        'printf("%d\\n", 100);',
        "0 0 * * 1 /usr/bin/backup",
        "{{ user.name }}",
        "../assets/logo.png",
        "C:\\temp\\new.txt",
    ),
)
_SAFE_UNQUOTED = frozenset({"<script>alert('hi')</script>"})
"""Script that runs where a site shows it raw: outside of backticks it is an attack."""


def texts() -> tuple[str, ...]:
    """Some thousand posts, the same ones each time, none twice."""
    return tuple(dict.fromkeys(_all()))


def _links() -> Iterator[str]:
    for markup, target, name in product(_MARKUPS, _TARGETS, _NAMES):
        yield markup.format(to=target, name=name)


def _all() -> Iterator[str]:
    links = list(dict.fromkeys(_links()))
    for at, link in enumerate(links):
        yield from (_AROUND[(at + more) % len(_AROUND)].format(link=link) for more in range(3))
        other = links[(at + 1) % len(links)]
        yield _TWO[at % len(_TWO)].format(one=link, two=other)
    yield from (review.format(good=good) for review, good in product(_REVIEWS, _GOODS))
    yield from (signature.format(phone=phone) for signature, phone in product(_SIGNATURES, _PHONES))
    yield from (recipe.format(food=food) for recipe, food in product(_RECIPES, _FOOD))
    yield from (poem.format(end=end) for poem, end in product(_POEMS, _ENDS))
    yield from (mixed.format(brand=brand) for mixed, brand in product(_MIXED, _BRANDS))
    yield from (line.format(n=n, m=n * 7 % 13) for line, n in product(_SCIENCE, range(2, 40)))
    yield from (tale.format(n=n) for tale, n in product(_TALES, range(5, 30)))
    for frame, code in product(_CODE_POSTS, _CODES):
        if "`" in frame or code not in _SAFE_UNQUOTED:
            yield frame.replace("{code}", code)
    for at, title in enumerate(titles.texts()):
        if at % 5 == 0:
            yield f"{title}\n\nThanks in advance, {'Ann' if at % 2 else 'Jörg'}"
