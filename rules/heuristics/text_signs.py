# ruff: noqa: RUF001 -- Cyrillic words among the shapes of offers
"""Signs of advertising in posts that no regular expression of RE2 can find, since they compare parts of a text."""

from __future__ import annotations

import re
from itertools import groupby
from operator import eq
from urllib.parse import unquote

from rules.heuristics.finder import finder

MOST_REPEATS = 7
"""Times that people write one word in a row; laughter and songs have short words and don't count."""
FEWEST_LETTERS = 4
_ANCHORS = (
    (
        "</",
        re.compile(
            r"<a\s[^<>]{0,300}?href\s{0,9}=\s{0,9}[\"']?(?P<to>https?://[^\s\"'<>]{1,500})[^<>]{0,300}>\s{0,9}(?P<shown>[^<>]{1,300})</a",
            re.IGNORECASE,
        ),
    ),
    (
        "[/",
        re.compile(
            r"\[url=[\"']?(?P<to>https?://[^\s\"'\[\]]{1,500})[\"']?\](?P<shown>[^\[\]]{1,300})\[/url",
            re.IGNORECASE,
        ),
    ),
    (
        "](",
        re.compile(r"\[(?P<shown>[^\[\]]{1,300})\]\((?P<to>https?://[^\s()]{1,500})", re.IGNORECASE),
    ),
)
"""What no anchor of a kind is without, and the anchors."""
_ADDRESS = re.compile(r"\s*(?:https?://|www\.)([^\s/?#:]{1,253})", re.IGNORECASE)
LONGEST = 4_000
"""Characters in which offers are looked for."""
LONGEST_OFFER = 40
"""Most words of such a text: longer texts have other content."""
FEWEST_SHAPES = 3
"""Shapes of an offer from which a text without a first person is advertising. A shape that is rare outside of
advertising counts as two, a promise of a cure or of company as three."""
MANY_SHAPES = 5
"""The same for a text with a first person or a question."""
_OF_LINK = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"'\]]{1,500}")
_LINK = re.compile(r"https?://|\bwww\.|\[url[=\]]")
_OF_LINKS = ("://", "www.", "[url")
"""What no link is without."""
_ORDINARY = tuple(
    re.compile(shape)
    for shape in (
        # A price, or that it is low.
        (
            r"[$€£]\s?\d|\b\d[\d.,]*\s?(?:%\s*(?:off|discount|bonus)|cents?\b|dollars?\b|usd\b|euros?\b|eur\b|€|\$)"
            r"|\b(?:discounts?|coupons?|promo\s?codes?|(?:best|low(?:est)?)\s+prices?|cheap(?:est)?|pas\s+cher|günstig\w*|barat[oa]s?"
            r"|wholesale|outlet|deals|for\s+sale|tani[oae]|дёшево|дешево|скидк\w+)\b"
        ),
        # A call to act.
        (
            r"\b(?:order|buy|register|sign\s?up|join|act|call|shop|bet|play|apply|subscribe|click|renew|bestellen)"
            r"\s+(?:\w+\s+){0,2}?(?:now|today|here|online|tonight|jetzt|maintenant)\b"
            r"|\b(?:jouez|jetzt|commandez|achetez|compra|compre|kup)\s+(?:maintenant|kaufen|spielen|bestellen|ahora|agora|teraz)\b"
            r"|\bcheck\s+(?:it|this)\s+out\b|\bcontact\s+us\b|\bget\s+(?:your|yours)\b|\bvisit\s+(?:us|our)\b"
        ),
        # Terms.
        (
            r"\b(?:no|without)\s+(?:\w+\s+)?(?:registration|fees?|risk)\b|\b24\s?/\s?7\b|\bmoney[\s-]?back\b|\bguaranteed?\b"
            r"|\bfree\s+(?:\w+\s+)?(?:trial|bottle|shipping|spins?|bonus|downloads?|chat|samples?|bets?|quote|giveaway)\b"
            r"|\b(?:fast|worldwide|overnight|express)\s+(?:\w+\s+)?(?:shipping|delivery)\b|\bshipping\s+worldwide\b"
            r"|\bbonus(?:es)?\b|\bgiveaway\b|\bбесплатн\w+"
        ),
        # Goods by the thousand, and shouting.
        r"\b\d+[\d,.]*\s?(?:k|m|thousand|million)\b|\b\d{2,3}(?:,\d{3})+\b|\b\d{1,3}000\b\s+\w+|!{3}|(?:>>|➡|👉|🔥|💰)",
        # There is little time.
        r"\b(?:today\s+only|only\s+today|only\s+\d+\s+left|limited[\s-]+(?:time|offer)|act\s+(?:now|fast))\b",
    )
)
_PROMISES = tuple(
    re.compile(shape)
    for shape in (
        (
            r"\bweird\s+trick\b|\bmiracle\s+(?:\w+\s+)?(?:serum|pills?|cure|diet|cream|tea|drops|product)\b|\bdoctors\s+hate\b|\bregrows?\s+hair"
            r"|\bcures?\s+(?:anxiety|cancer|diabetes|acne|depression|arthritis|everything)\b|\bburns?\s+fat\b"
            r"|\blose\s+(?:\w+\s+)?\d+\s?(?:pounds|lbs|kg|kilos?)\s+(?:in|within|per)\b"
        ),
        r"\b(?:girls?|women|ladies|singles)\b.{0,40}\b(?:waiting\s+(?:for|to\s+meet)\s+you|(?:wants?|looking)\s+to\s+meet\s+you|in\s+your\s+area)\b",
    )
)
_OF_ADVERTISERS = tuple(
    re.compile(shape)
    for shape in (
        (
            r"\b(?:no|without)\s+(?:\w+\s+)?(?:prescription|deposit|rx)\b|\bdiscreet\s+(?:packaging|shipping|delivery)\b"
            r"|\b(?:sans|ohne|sin|senza|bez)\s+(?:dépôt|einzahlung|depósito|deposito|rezept|ordonnance|receta|recepty)\b"
            r"|\bpay(?:ment)?\s+(?:with|by|in)\s+(?:bitcoins?|btc|crypto)\b|\bno\s+questions\s+asked\b"
        ),
        (
            r"\bwon't\s+regret\b|\bundetectable\b|\bwin\s+big\b|\b(?:earn|make)(?:ed)?\s+[$€£]?\s?\d[\d,.]*\s?(?:[$€£]|usd|euros?)?\s+(?:a|per|every)\s"
            r"|\bfor\s+real\s+money\b|\breal\s+(?:visitors|followers)\b|\bpro\s+woche\s+von\s+zu\s+hause\b|\bpassive\s+income\b"
        ),
        r"={2,}>|<={2,}|>>\s*http|-{2,}>\s*http",
    )
)
_PERSON = re.compile(
    r"\?|\b(?:i|i'm|i've|i'd|i'll|me|my|we've|anyone|anybody|someone|thanks|thank|ich|mein\w*|je|mon|ma|yo|mi|moj\w*|jestem|я|мой|моя)\b"
)
_WORD = re.compile(r"\w+")
_WRAPPERS = frozenset({"t.co", "lnkd.in"})
"""Sites that put themselves in the place of every link that is copied from them."""
_CLASSES = {"w": "0-9A-Za-z_", "d": "0-9", "s": r"\x09-\x0d\x1c-\x20"}
_CLASS_OR_BRACKET = re.compile(r"\\(.)|[\[\]]")


def loosened(shape: str) -> str:
    """A regular expression for RE2 that matches wherever this one of Python's does, and perhaps elsewhere.

    The two differ in which other letters and spaces there are: every character beyond ASCII counts as any of them, and
    so does the question mark that stands for half of a surrogate pair. Word boundaries are left out.
    """
    is_inside = False

    def loose(found: re.Match[str]) -> str:
        nonlocal is_inside
        name = found[1]
        if name is None:
            is_inside = found[0] == "["
        elif name == "b":
            return ""
        elif name in _CLASSES:
            characters = rf"{_CLASSES[name]}?\x{{80}}-\x{{10ffff}}"
            return characters if is_inside else f"[{characters}]"
        return found[0]

    return _CLASS_OR_BRACKET.sub(loose, shape)


_MOST = {
    f"{weight}/{number}": weight
    for weight, shapes in ((1, _ORDINARY), (3, _PROMISES), (2, _OF_ADVERTISERS))
    for number in range(len(shapes))
}
"""What each shape counts."""
_may_have = finder(
    [
        (name, loosened(shape.pattern))
        for name, shape in zip(_MOST, (*_ORDINARY, *_PROMISES, *_OF_ADVERTISERS), strict=True)
    ]
)
"""The shapes that a text may have, by one scan of it: most posts with links have none."""


def hides_target(text: str) -> bool:
    """Whether a link of the text, as it was sent, shows one site's address and leads to another site."""
    return any(
        _differs(found["to"], found["shown"])
        for sign, anchor in _ANCHORS
        if sign in text
        for found in anchor.finditer(text)
    )


def offers(text: str) -> bool:
    """Whether a short text has a link and is an offer in several respects, without a sign of a personal message.

    Posts of people have each of the ordinary shapes, and two of them often: a price and a call to register, as for a
    concert.
    """
    text = text[:LONGEST].casefold()
    if not any(map(text.__contains__, _OF_LINKS)) or _LINK.search(text) is None or len(text.split()) > LONGEST_OFFER:
        return False
    if sum(map(_MOST.__getitem__, _may_have(text))) < FEWEST_SHAPES:
        return False
    shapes = sum(1 for shape in _ORDINARY if shape.search(text))
    shapes += 3 * sum(1 for shape in _PROMISES if shape.search(text))
    shapes += 2 * sum(1 for shape in _OF_ADVERTISERS if shape.search(text))
    return shapes >= (MANY_SHAPES if _PERSON.search(_OF_LINK.sub(" ", text)) else FEWEST_SHAPES)


def repeats_one_word(text: str) -> bool:
    """Whether a word of some length is repeated in a row more often than people do."""
    words = _WORD.findall(text.casefold())
    if len(words) - len(set(words)) < MOST_REPEATS or sum(map(eq, words, words[1:])) < MOST_REPEATS:
        return False
    return any(
        len(word) >= FEWEST_LETTERS and len(set(word)) > 2 and sum(1 for _ in run) > MOST_REPEATS  # noqa: PLR2004 -- laughter has two
        for word, run in groupby(words)
    )


def _differs(to: str, shown: str) -> bool:
    address, target = _ADDRESS.match(shown), _ADDRESS.match(to)
    if address is None or target is None:
        return False
    shown_site, site = _site(address[1]), _site(target[1])
    # Redirects that name the address that they lead to hide nothing.
    return shown_site != site and target[1].casefold() not in _WRAPPERS and shown_site not in unquote(to).casefold()


def _site(host: str) -> str:
    """The last two labels: too generous below suffixes such as `co.uk`, which errs on the side of people."""
    return ".".join(host.casefold().strip(".,;").split(".")[-2:])
