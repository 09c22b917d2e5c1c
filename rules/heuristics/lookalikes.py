# ruff: noqa: RUF001, RUF002 -- ambiguous letters are what this is about
"""Letters of other scripts that look like Latin ones, in words that mix them: `сasino` with a Cyrillic `с`.

After Unicode's table of confusables (UTS 39), small letters and capitals of Cyrillic, Greek, Armenian and Cherokee. A
word without a Latin letter is left alone: it is most likely a word of its own language.
"""

from __future__ import annotations

import re

_LOOKS_LIKE = {
    "a": "аαɑ",
    "b": "ьƅЬ",
    "c": "сϲᴄ",
    "d": "ԁժ",
    "e": "еєҽ",
    "f": "ϝ",
    "g": "ɡց",
    "h": "һհ",
    "i": "іɩιı",
    "j": "јϳ",
    "k": "кκ",
    "l": "ӏⅼאן",
    "m": "мᴍ",
    "n": "ոռ",
    "o": "оοσօᴏ",
    "p": "рρ",
    "q": "ԛգ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υսᴜ",
    "v": "ѵνᴠ",
    "w": "ԝաᴡɯѡ",
    "x": "хχ",
    "y": "уүγ",
    "z": "ᴢ",
    "A": "АΑᎪ",
    "B": "ВΒᏴ",
    "C": "СϹᏟ",
    "D": "Ꭰ",
    "E": "ЕΕᎬ",
    "F": "Ϝ",
    "G": "ԌᏀ",
    "H": "НΗᎻ",
    "I": "ІΙӀ",
    "J": "ЈᎫ",
    "K": "КΚᏦ",
    "L": "Ꮮ",
    "M": "МΜᎷ",
    "N": "Ν",
    "O": "ОΟՕ",
    "P": "РΡᏢ",
    "Q": "Ԛ",
    "R": "Ꭱ",
    "S": "ЅՏᏚ",
    "T": "ТΤᎢ",
    "U": "Ս",
    "V": "ѴᏙ",
    "W": "ԜᎳ",
    "X": "ХΧ",
    "Y": "УΥҮ",
    "Z": "ΖᏃ",
}
LOOKALIKES = {ord(other): latin for latin, others in _LOOKS_LIKE.items() for other in others}
"""Code point to the Latin letter that it looks like."""
LETTERS = frozenset(map(chr, LOOKALIKES))
"""The letters themselves."""
_WORD = re.compile(r"\w+")
_LATIN = re.compile("[A-Za-z]")
_OTHERS = "".join(sorted(LETTERS))
_OTHER = re.compile(f"[{_OTHERS}]")
_MIXED = re.compile(f"[{_OTHERS}](?:[^\\WA-Za-z{_OTHERS}]*[A-Za-z])|[A-Za-z][^\\WA-Za-z{_OTHERS}]*[{_OTHERS}]")


def latin(text: str) -> str:
    """The text with look-alikes as what they look like, in words that have Latin letters too."""
    return _WORD.sub(_plain, text) if has_mixed(text) else text


def has_mixed(text: str) -> bool:
    """Whether a word of the text has both Latin letters and look-alikes."""
    return _OTHER.search(text) is not None and _MIXED.search(text) is not None


def _plain(found: re.Match[str]) -> str:
    word = found[0]
    return word.translate(LOOKALIKES) if not word.isascii() and _LATIN.search(word) else word
