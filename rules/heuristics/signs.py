"""A text for people as patterns see it: decoded, with the names of those signs behind it that decoding takes away."""

from __future__ import annotations

from rules.heuristics.decode import free_text
from rules.heuristics.scripts import mixed_scripts
from rules.heuristics.text_signs import hides_target

MARK = "\x1f"
"""Stands before each sign's name. Whoever writes one into a text only accuses themselves."""


def with_signs(text: str) -> str:
    """The decoded text; behind it `mixed-scripts` where words were disguised, `hidden-target` where a link was."""
    signs = ""
    if not text.isascii() and mixed_scripts(text):
        signs += f"{MARK}mixed-scripts"
    if "http" in text and hides_target(text):
        signs += f"{MARK}hidden-target"
    return free_text(text) + signs
