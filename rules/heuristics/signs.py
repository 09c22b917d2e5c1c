"""A text for people as patterns see it: decoded, with the names of those signs behind it that decoding takes away."""

from __future__ import annotations

from rules.heuristics.decode import free_text
from rules.heuristics.scripts import mixed_scripts
from rules.heuristics.text_signs import FEWEST_LETTERS, MOST_REPEATS, hides_target, offers, repeats_one_word

MARK = "\x1f"
"""Stands before each sign's name. A visitor who writes one into a text only raises their own evidence."""

SHORTEST_REPEATING = (MOST_REPEATS + 1) * (FEWEST_LETTERS + 1) - 1


def with_signs(text: str) -> str:
    """The decoded text; behind it the names of signs.

    `mixed-scripts` where words were disguised, `hidden-target` where a link was, `one-word` where a word repeats, and
    `offer` where a text links to what it advertises.
    """
    signs = ""
    if not text.isascii() and mixed_scripts(text):
        signs += f"{MARK}mixed-scripts"
    if "http" in text and hides_target(text):
        signs += f"{MARK}hidden-target"
    if len(text) >= SHORTEST_REPEATING and repeats_one_word(text):
        signs += f"{MARK}one-word"
    plain = free_text(text)
    if offers(plain):
        signs += f"{MARK}offer"
    return plain + signs
