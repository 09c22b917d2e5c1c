# ruff: noqa: RUF001, RUF002 -- ambiguous letters are what this is about
"""Words that mix scripts to look like other words: `саsino` with Cyrillic `с` and `а`.

`decode.free_text` replaces look-alikes, so this must see the text as it was sent. People mix scripts too: in units and
formulas (`kΩ`, `νmax`), in endings of borrowed words (`PDFка`), and by a slip of the keyboard (`Cегодня`). None of
these counts.
"""

from __future__ import annotations

import re
from itertools import groupby

from rules.heuristics.lookalikes import LETTERS

FEWEST_LETTERS = 4
"""A shorter word is a unit, a variable or a model's name."""
FEWEST_LETTERS_GREEK = 6
"""Formulas put Greek letters beside Latin ones: `hνmax`."""
SWITCHES = 3
"""Changes of script in a word from which on it is disguised, in any language. One slip makes two at most."""
_WORD = re.compile(r"[^\W\d_]+")
_TOUCH = re.compile(
    "[\u0370-\u058f\u13a0-\u13ff](?:(?<=[A-Za-z\u00aa-\u024f][\u0370-\u058f\u13a0-\u13ff])|(?=[A-Za-z\u00aa-\u024f]))"
)
"""Where a word changes between Latin letters and those of another script: most texts of other scripts have no such
word."""
_FOREIGN = (("greek", "\u0370", "\u03ff"), ("cyrillic", "\u0400", "\u052f"), ("armenian", "\u0530", "\u058f"))
_CHEROKEE = ("cherokee", "\u13a0", "\u13ff")


def mixed_scripts(text: str) -> bool:
    """Whether a word of the text, as it was sent, mixes Latin letters with look-alikes of another script."""
    if text.isascii() or _TOUCH.search(text) is None or LETTERS.isdisjoint(text):
        return False
    return any(is_disguised(word[0]) for word in _WORD.finditer(text) if not word[0].isascii())


def is_disguised(word: str) -> bool:
    """Whether a word mixes Latin letters with look-alikes in a way that people hardly do."""
    if len(word) < FEWEST_LETTERS:
        return False
    runs = [name for name, _ in groupby(map(_script, word))]
    foreign = {name for name in runs if name != "latin"}
    if "latin" not in runs or len(foreign) != 1 or "other" in foreign:
        return False
    switches = len(runs) - 1
    if switches >= SWITCHES:
        return True
    if not all(letter in LETTERS for letter in word if _script(letter) != "latin"):
        return False  # It reads as a word of neither script.
    if "greek" in foreign:
        return len(word) >= FEWEST_LETTERS_GREEK and switches > 1
    # An ending after a Latin word is grammar; a look-alike at its beginning or inside of it is not.
    return switches > 1 or runs[0] != "latin"


def _script(letter: str) -> str:
    if letter <= "\u024f":
        return "latin"
    return next((name for name, first, last in (*_FOREIGN, _CHEROKEE) if first <= letter <= last), "other")
