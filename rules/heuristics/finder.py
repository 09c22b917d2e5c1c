"""Which of some patterns match a decoded text: one RE2 set for all, and one by one where the set has no room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import re2  # type: ignore[import-untyped]  # has no types

MAX_SET_BYTES = 64 * 1024 * 1024
"""Memory that RE2 may take for a set's automaton, which grows with the texts that it sees and starts anew when full."""
LONG = 256
"""Characters of a text from which on its patterns are looked for in parts."""
PARTS = 3
"""A set's automaton has a state for each combination of positions in its patterns, and each new one costs as much as a
hundred characters: synthetic texts reach new states all the time. Parts of a set have far fewer states, but take longer
to scan."""

Find = Callable[[str], tuple[str, ...]]
SetMatch = Callable[[bytes], list[int] | None]
NONE: tuple[str, ...] = ()
_ALWAYS = r"\A"
"""Stands first in each set and matches every text: a result without it means that RE2 ran out of memory, which
RE2 does not report otherwise."""


def finder(
    patterns: Sequence[tuple[str, str]], max_set_bytes: int = MAX_SET_BYTES, *, is_prepared: bool = False
) -> Find:
    """Finds the ids of patterns (id, regular expression) that match a text, sorted.

    The regular expressions must compile. What is found does not depend on `max_set_bytes`: only how fast.
    Unless `is_prepared`, the first long text waits for the parts of the set to be compiled.
    """
    if not patterns:
        return lambda _text: NONE
    whole = guarded(patterns, _compiled_set(patterns, max_set_bytes))

    @cache
    def parts() -> list[Find]:
        groups = [patterns[first::PARTS] for first in range(min(PARTS, len(patterns)))]
        return [guarded(group, _compiled_set(group, max_set_bytes)) for group in groups]

    if is_prepared:
        parts()

    def find(text: str) -> tuple[str, ...]:
        return whole(text) if len(text) <= LONG else tuple(sorted([one for part in parts() for one in part(text)]))

    return find


def guarded(patterns: Sequence[tuple[str, str]], match_set: SetMatch) -> Find:
    """Matches by a set, or by single patterns if the set ran out of memory."""
    ids = ("", *(pattern_id for pattern_id, _ in patterns))

    @cache
    def compiled() -> list[tuple[str, Any]]:
        return [(pattern_id, re2.compile(regex, quiet_options())) for pattern_id, regex in patterns]

    def find(text: str) -> tuple[str, ...]:
        # Half of a surrogate pair is no character; encoding would raise.
        encoded = text.encode("utf-8", "replace")
        positions = match_set(encoded)
        if not positions:
            return tuple(sorted([pattern_id for pattern_id, regex in compiled() if regex.search(encoded)]))
        return tuple(sorted([ids[position] for position in positions if position])) if len(positions) > 1 else NONE

    return find


def quiet_options() -> re2.Options:
    """RE2's options, without its lines on standard error."""
    options = re2.Options()
    options.log_errors = False
    return options


def _compiled_set(patterns: Sequence[tuple[str, str]], max_bytes: int) -> SetMatch:
    options = quiet_options()
    options.max_mem = max_bytes
    compiled = re2.Set.SearchSet(options)
    compiled.Add(_ALWAYS)
    for _, regex in patterns:
        compiled.Add(regex)
    try:
        compiled.Compile()
    except re2.error:
        return lambda _text: None
    match: SetMatch = compiled.Match
    return match
