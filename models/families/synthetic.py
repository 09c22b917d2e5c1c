"""Synthetic examples from real ones: padded and disguised attacks, and benign texts that resemble attacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import quote_plus, unquote_plus

LONGEST_PADDING = 12
"""Fewer pieces of benign text than this stand before an attack, and fewer behind it."""
_LONGEST_PIECE = 80
"""Characters of a piece of padding."""
_LONGEST_TEXT = 1_000
"""Characters of a text or path that are changed; the rest is cut off."""
# Words of SQL, markup and commands that occur in benign sentences, too.
_AMBIGUOUS = (
    "select union order by group where drop table set like or and not from into update create case having insert "
    "values null true exec join limit script alert style image object link body on all as count password admin "
    "cat echo ping system file etc bin user root or and in is between"
)
_COMMON = (
    "the a to of in for you with is it this that how where when what can do we our your more some new first last long "
    "time day week year people work place water music news weather train street house school doctor hotel flight car "
    "please thanks hello good morning night friend open close today tomorrow number answer question help letter map"
)
_AMBIGUOUS_WORDS, _COMMON_WORDS = tuple(_AMBIGUOUS.split()), tuple(_COMMON.split())
_MARKS = ("'", '"', " - ", " -- ", " & ", " (", ") ", "; ", ", ", "/", "*", "+", "!", "? ", ": ", "%", "=", "#", ".")

Features = dict[str, Any]
Change = Callable[[str, Random], str]


def padded(features: Mapping[str, Any], harmless: Sequence[str], random: Random) -> Features:
    """Pads an example: adds benign text before and behind its text and its last query value.

    Args:
        features: Features of an abusive example.
        harmless: Benign pieces to pad with; common English words are added to them.
        random: Random generator.

    Returns:
        Changed features. The numbers among them that follow from text and path are computed again.

    Example:
        >>> "cheap pills" in padded({"text": "cheap pills"}, ["hello there"], Random(1))["text"]
        True
    """
    return _changed(features, lambda text, chance: _pad(text, harmless, chance), random)


def disguised(features: Mapping[str, Any], random: Random) -> Features:
    """Disguises an example: changes upper and lower case, and the spaces, of its text and its last query value.

    Args:
        features: Features of an abusive example.
        random: Random generator.

    Returns:
        Changed features, as for `padded`.

    Example:
        >>> disguised({"text": "pills"}, Random(1))["text"].lower()
        'pills'
    """
    return _changed(features, _disguise, random)


def look_alike(features: Mapping[str, Any], harmless: Sequence[str], random: Random) -> Features:
    """Makes a benign example with words and marks of attacks, as titles and searches have them.

    Args:
        features: Features of a benign example.
        harmless: Benign pieces to build the text from.
        random: Random generator.

    Returns:
        Changed features, as for `padded`.

    Example:
        >>> look_alike({"text": "hello"}, ["lovely shoes"], Random(1)) == look_alike({"text": ""}, [], Random(1))
        False
    """
    return _changed(features, lambda _, chance: _resemble(harmless, chance), random)


def pieces(features: Mapping[str, Any]) -> list[str]:
    """The text and the last query value of an example, as padding for others.

    Args:
        features: Features of a benign example.

    Returns:
        Up to two pieces of at most 80 characters.

    Example:
        >>> pieces({"text": "lovely shoes", "paths": "/search?q=red+shoes"})
        ['lovely shoes', 'red shoes']
    """
    _, mark, value = _last_value(features)
    found = [_text(features, "text"), unquote_plus(value) if mark else ""]
    return [piece[:_LONGEST_PIECE] for piece in found if piece]


def _changed(features: Mapping[str, Any], change: Change, random: Random) -> Features:
    changed = dict(features)
    text = _text(features, "text")
    if text:
        changed["text"] = change(text, random)
        changed.pop("language", None)
        changed |= _looks(changed["text"], features)
    before, mark, value = _last_value(features)
    if mark:
        written = change(unquote_plus(value), random).encode("utf-8", "replace")
        changed["paths"] = f"{before}{mark}{quote_plus(written)}"
        changed |= _measures(_text(features, "paths"), changed["paths"], features)
    return changed


def _text(features: Mapping[str, Any], name: str) -> str:
    value = features.get(name)
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _last_value(features: Mapping[str, Any]) -> tuple[str, str, str]:
    """Splits at the last `=` of a query string: the part before it, `=`, and the value; empty without one."""
    before, mark, value = _text(features, "paths").rpartition("=")
    return (before, mark, value) if "?" in before else ("", "", "")


def _looks(text: str, features: Mapping[str, Any]) -> Features:
    """Numbers that follow from a text, as far as the example has them."""
    length = max(len(text), 1)
    digits = sum(map(str.isdigit, text))
    plain = digits + sum(map(str.isalpha, text)) + sum(map(str.isspace, text))
    numbers = {
        "text_characters": float(len(text)),
        "text_digit_share": digits / length,
        "text_capital_share": sum(map(str.isupper, text)) / length,
        "text_symbol_share": (length - plain) / length,
    }
    return {name: number for name, number in numbers.items() if name in features}


def _measures(before: str, after: str, features: Mapping[str, Any]) -> Features:
    """Numbers that follow from a path: lengths grow by the same ratio as the path."""
    numbers: Features = {}
    length = features.get("query_string_characters")
    if isinstance(length, float | int):
        numbers["query_string_characters"] = float(length) * max(len(after), 1) / max(len(before), 1)
    if "url_escape_share" in features:
        numbers["url_escape_share"] = after.count("%") / max(len(after), 1)
    return numbers


def _pad(text: str, harmless: Sequence[str], random: Random) -> str:
    return f"{_sentence(harmless, random)} {text} {_sentence(harmless, random)}".strip()


def _sentence(harmless: Sequence[str], random: Random) -> str:
    count = random.randrange(LONGEST_PADDING)
    return " ".join(_word(harmless, random) for _ in range(count))


def _word(harmless: Sequence[str], random: Random) -> str:
    return random.choice(harmless) if harmless and random.random() < 0.5 else random.choice(_COMMON_WORDS)  # noqa: PLR2004


def _disguise(text: str, random: Random) -> str:
    cased = "".join(random.choice((letter.lower(), letter.upper())) for letter in text)
    return cased.replace(" ", random.choice((" ", "  ", "/**/", "\t", "%20", "\n")))


def _resemble(harmless: Sequence[str], random: Random) -> str:
    most = random.choice((4, 8, 2 * LONGEST_PADDING))  # as long as padded attacks are
    words = [_word(harmless, random) for _ in range(random.randrange(1, most))]
    for _ in range(random.randrange(3)):
        words.insert(random.randrange(len(words) + 1), random.choice(_AMBIGUOUS_WORDS))
    words = [_quoted(word, random) for word in words]
    text = words[0]
    for word in words[1:]:
        text += (random.choice(_MARKS) if random.random() < 0.25 else " ") + word  # noqa: PLR2004
    return text.upper() if random.random() < 0.4 else text  # noqa: PLR2004


def _quoted(word: str, random: Random) -> str:
    if random.random() < 0.2:  # noqa: PLR2004 -- about as often as titles have them
        mark = random.choice(("'", '"'))
        return random.choice((f"{mark}{word}{mark}", f"{mark}{word}", f"{word}{mark}", f"{word}'s", f"({word})"))
    return word
