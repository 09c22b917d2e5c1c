# ruff: noqa: RUF001 -- titles of other languages have letters that look like Latin ones
"""Ordinary titles of posts and pages in several languages, composed from templates and lists of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

_THINGS: Mapping[str, Sequence[str]] = {
    "en": (
        *("oak table", "garden hose", "wool blanket", "slot car", "free-range eggs", "travel pillow", "bicycle pump"),
        *("replica of a ship", "poker set", "casino chairs", "loan of a book", "sports bottle", "cheap umbrella"),
    ),
    "de": (
        *("Eichentisch", "Gartenschlauch", "Wolldecke", "Reisekissen", "Luftpumpe", "Teekanne", "Leihrad"),
        *("Kredit für das Haus", "Uhr meines Großvaters", "Fahrradkette"),
    ),
    "fr": (
        *("table en chêne", "tuyau d'arrosage", "couverture en laine", "théière", "pompe à vélo", "prêt de livre"),
        *("montre ancienne", "chaîne de vélo"),
    ),
    "es": ("mesa de roble", "manguera", "manta de lana", "tetera", "bomba de bicicleta", "reloj antiguo", "préstamo"),
    "pl": ("stół dębowy", "wąż ogrodowy", "koc wełniany", "czajnik", "pompka do roweru", "zegarek dziadka", "pożyczka"),
    "ru": (
        "дубовый стол",
        "садовый шланг",
        "шерстяное одеяло",
        "чайник Bosch",
        "насос",
        "рамка для диплома",
        "кредит на дом",
    ),
    "ja": ("オークのテーブル", "毛布", "急須", "自転車のポンプ", "Nikonのカメラ", "時計", "コピー機"),
    "tr": ("meşe masa", "bahçe hortumu", "yün battaniye", "çaydanlık", "bisiklet pompası", "eski saat", "kredi"),
}
_ASKED: Mapping[str, Sequence[str]] = {
    "en": (
        *("Which {} would you buy?", "{}: is it worth the price?", "Where do I find a spare part for my {}", "Re: {}"),
        *("Help!!! My {} broke!!!", "Lost: {} near the station, please call 020 7946 0958", "{} - 2 for £19.99 today!"),
        *("Best {} under $100 (2024)", "How to clean a {} at home", "[Solved] {} makes a noise", "{} 🔥🔥🔥"),
    ),
    "de": (
        *("Welche(r) {} lohnt sich?", "{}: wie reinigen?", "Suche Ersatzteil für {}", "Erfahrungen mit {} gesucht!!!"),
        *("{} – jetzt 20 % günstiger", "Verkaufe {}, 25 €, Tel. 030 901820", "Danke für {} :-)"),
    ),
    "fr": (
        *("Quel(le) {} choisir ?", "{} : votre avis ?", "Où acheter une {} pas cher ?", "À vendre : {}, 40 €"),
        *("Comment réparer : {}", "{} - livraison gratuite dès 50 €"),
    ),
    "es": (
        *("¿Qué {} me recomiendan?", "{}: ¿vale la pena?", "Vendo {}, 40 €", "¡¡¡Ayuda con {}!!!", "Busco {} barata"),
        *("Cómo limpiar: {}",),
    ),
    "pl": (
        *("Jaki {} wybrać?", "{} – opinie", "Sprzedam: {}, 120 zł", "Gdzie kupić {}?", "Zepsuty {} :(", "{} gratis"),
    ),
    "ru": (
        *("Какой {} выбрать?", "{}: отзывы", "Продам {}, 1500 руб.", "Где купить {} недорого?", "Помогите!!! {}"),
        *("Как починить: {}",),
    ),
    "ja": (
        "{}のおすすめは？",
        "{}を買いました！",
        "{}の手入れについて",
        "【質問】{}が壊れました",
        "{} 3,980円(税込)",
        "{}ｗｗｗ",
    ),
    "tr": ("Hangi {} daha iyi?", "{} hakkında yorumlar", "Satılık {}, 350 TL", "{} nereden alınır?", "Yardım!!! {}"),
}
_TECHNICAL = (
    *("JavaScript", "Python", "C#", "Rust", "bash", "PowerShell", "PHP", "SQL", "HTML", "CSS", "Go", "Kotlin", "Perl"),
    *("Haskell", "TypeScript", "Excel", "LaTeX", "Docker", "nginx", "Git"),
)
_ASKED_OF_CODE = (
    *("{}: where do I begin?", "{}: erste Schritte", "{} : par où commencer ?", "¿Por dónde empiezo con {}?"),
    *("{} – od czego zacząć?", "{}: с чего начать?", "{}の勉強法", "{} öğrenmeye nereden başlamalı?"),
    *("Is {} free for schools?", "Why is {} so slow today?", "{} 101: week two", "{} vs. everything else, a rant"),
    *("Best {} course online?", "Learn {} in 2024", "{} error: unexpected token < in line 1", "{}!?!?"),
)
_CODE = (
    *("chmod 755", "ls -la", "cat notes.txt", "sudo apt update", "rm notes.txt", "which python", "grep -r TODO ."),
    *("SELECT * FROM books", "List<object>", "<svg>", "<script>", '<a href="...">', "[url=...]", "x => x * 2"),
    *("std::vector<int>", "a[0] == b[0]", "git rebase -i", "curl -I", "document.title", "null == undefined", "%20"),
    *(
        "for (;;)",
        "(.)\\1+",
        "{{ name }}",
        "#!/bin/sh",
        "${HOME}",
        "&amp;",
        "0x7fffffff",
        "C:\\Users",
        "../img",
        "--force",
    ),
)
_ABOUT_CODE = (
    *("What does `{}` mean?", "what does {} do", "Difference between `{}` and the other one", "Was macht `{}`?"),
    *(
        "À quoi sert `{}` ?",
        "¿Qué hace `{}`?",
        "Co robi `{}`?",
        "Что делает `{}`?",
        "`{}`の意味は？",
        "`{}` ne işe yarar?",
    ),
    *("`{}` hangs after the update", "How do I quote {} in a post?"),
)
_STRETCHED = (
    *(
        "sooooo good",
        "Hahahahaha",
        "yesssssss",
        "Goooooooool",
        "aaaaargh",
        "хахахахаха",
        "ееееее",
        "wwwwww",
        "jajajajaja",
    ),
    *("nooooooo", "mdrrrrr", "eeeeeh", "grrrr", "loooool", "hmmmmm", "すごーーーい", "çoooook güzel"),
)
_AFTER_STRETCH = (
    "",
    "!",
    "!!!",
    " :)",
    " 😂😂😂",
    ", the game last night",
    " – Danke",
    " (part 2)",
    "?!",
    " ❤️",
    "…",
    " lol",
)
_TOPICS = (
    *(
        "Δx·Δp ≥ ħ/2",
        "∫ f(x) dx = F(b) − F(a)",
        "α-decay and β-decay",
        "5 µm against 12 Ω",
        "σ = 3.2, n = 40",
        "π ≈ 3.14159",
    ),
    *("λ-calculus for beginners", "θ in radians", "ε-δ proofs", "χ² test", "γ-ray bursts", "The Ω of the circuit"),
)
_TOPIC_FRAMES = (
    "{}",
    "Question about {}",
    "Frage zu {}",
    "Question sur {}",
    "Pytanie: {}",
    "Вопрос: {}",
    "{}について",
    "{} nedir?",
)
_SITES = (
    *(
        "The casino of Monte Carlo in 1900",
        "A loan from the library",
        "The porn industry's accounts, a study",
        "Viagra and the heart",
    ),
    *(
        "Forex: what the word means",
        "Is this online casino legal?",
        "How banks price a payday loan",
        "SEO for beginners",
    ),
    *(
        "Spam from my own address",
        "Support hotline is closed on Sunday",
        "Customer service never answers",
        "My Norton subscription",
    ),
    *(
        "Who won the lottery of 1954?",
        "Escort vessels of the navy",
        "Replica of the Vasa",
        "My essay on Kant",
        "Works from home",
    ),
)
_SITE_FRAMES = (
    "{}",
    "Re: {}",
    "Fwd: {}",
    "[closed] {}",
    "{} (2/3)",
    "{} | Forum",
    "News: {}",
    "{} ?",
    "{}!",
    "Reading tip: {}",
)


def texts() -> tuple[str, ...]:
    """Some thousand titles, the same ones each time, none twice."""
    return tuple(dict.fromkeys(_all()))


def _all() -> Iterator[str]:
    for language, things in _THINGS.items():
        yield from _filled(_ASKED[language], things)
    yield from _filled(_ASKED_OF_CODE, _TECHNICAL)
    yield from _filled(_ABOUT_CODE, _CODE)
    yield from (f"{word}{after}" for word, after in product(_STRETCHED, _AFTER_STRETCH))
    yield from _filled(_TOPIC_FRAMES, _TOPICS)
    yield from _filled(_SITE_FRAMES, _SITES)
    for number in range(80):
        yield f"Order 4711-{number:04}-{2020 + number % 5}"
        yield f"{number % 24:02}:15 – {number % 24:02}:45, platform {number % 9 + 1}"
        yield f"Invoice {80_000_000 + number * 7_919}"
        yield f"{number + 1}.{number % 12 + 1}.2024"
        yield f"{number + 3} x {number + 7} = {(number + 3) * (number + 7)}"
        yield f"iPhone {number % 16 + 1} Pro, {2 ** (number % 4 + 6)} GB, {399 + number * 10},- €"


def _filled(templates: Iterable[str], words: Iterable[str]) -> Iterator[str]:
    # Templates with braces of their own would break `str.format`.
    return (template.replace("{}", word) for template, word in product(templates, tuple(words)))
