"""Decodes disguised texts. Each step is a function; `url_text` and `free_text` are their order.

Percent-encoding, entities and compatibility forms hide in each other, so they come off in rounds, until nothing
changes. Encoding the percent sign again and again is undone in one round, however often; what needs more than `ROUNDS`
rounds nests its disguises deeper than any server would undo them, and is looked at as it is then.

The whole text is decoded, since an attack could hide in a part that is left out. The contract of events bounds its
length, and the cost is linear in it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from rules.heuristics.agents import agent_text
from rules.heuristics.lookalikes import LETTERS, latin

ROUNDS = 8
"""Disguises in disguises that are taken off."""
PIECE = 256
"""Characters that are brought into a compatible form at once."""

_SHAPELESS = (
    (0x200B, 0x200F),  # zero-width space and joiners, marks of direction
    (0x202A, 0x202E),  # embeddings and overrides of direction
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates of direction
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # joiners and marks of other scripts, as are the next two
    (0x061C, 0x061C),
    (0x180B, 0x180E),
    (0x115F, 0x1160),  # letters without a shape, as are the next three
    (0x17B4, 0x17B5),
    (0x3164, 0x3164),
    (0xFFA0, 0xFFA0),
    (0x0334, 0x0338),  # strokes through letters
    (0x20D0, 0x20F0),  # circles around them
    (0xFE00, 0xFE0F),  # variants of shape
    (0xE0000, 0xE01EF),  # tags, more variants
    (0xFEFF, 0xFEFF),  # byte order mark
    (0, 0),
)
_HIDDEN = frozenset(chr(code) for first, last in _SHAPELESS for code in range(first, last + 1))
_LOOSE = frozenset(map(chr, range(0x300, 0x370)))
_INVISIBLE = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _SHAPELESS) + "]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_PIECE = re.compile(rf"[^\0-\x7f]{{1,{PIECE}}}")
_AGAIN = re.compile(r"%(?:25)+(?=[0-9A-Fa-f]{2}|[uU][0-9A-Fa-f]{4})")
_WIDE = re.compile(r"%[uU]([0-9A-Fa-f]{4})")
_BYTE = re.compile(r"%[0-9A-Fa-f]{2}")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*")
_LEADS = ("%c0", "%c1", "%C0", "%C1", "%e0%8", "%e0%9", "%E0%8", "%E0%9", "%f0%8", "%F0%8")
# Two, three or four bytes where fewer do: no valid UTF-8, but some servers read it.
_OVERLONG = re.compile(
    r"%[cC][01](%[89abAB][0-9A-Fa-f])|%[eE]0(%[89][0-9A-Fa-f]%[89abAB][0-9A-Fa-f])"
    r"|%[fF]0(%8[0-9A-Fa-f]%[89abAB][0-9A-Fa-f]%[89abAB][0-9A-Fa-f])"
)
# Without a semicolon only numbers: `&copy=1` is a parameter, though browsers would see a copyright sign.
_ENTITY = re.compile(r"&(?:#[xX]?[0-9A-Fa-f]{1,8};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{0{0,8}([0-9A-Fa-f]{1,5})\})")
_SQL_COMMENT = re.compile(r"/\*(?:!\d{0,6}|[^*]*\*/)|\*/")
_LINE_COMMENT = re.compile(r"(?:--|#)[^\n]{0,200}\n")
_SPACES = re.compile(r"\s+")
_PLAIN = re.compile(r"[A-Za-z0-9_./?=&:@,~!$|'\"()<>\[\]{}^`-]*")


_LAST_LATIN = "\u024f"
_MAY_HIDE = re.compile(r"[%&\\\0]")


def percent(text: str) -> str:
    """Percent-encoding taken off once, however often the percent sign itself is encoded; no UTF-8 becomes U+FFFD."""
    if "%" not in text:
        return text
    text = wide(_AGAIN.sub("%", text) if "%25" in text else text)
    return _ENCODED.sub(_of_bytes, overlong(text)) if _BYTE.search(text) else text


def wide(text: str) -> str:
    """`%u003c`, as old servers of Microsoft's take it."""
    return _WIDE.sub(_of_hexadecimal, text) if "%u" in text or "%U" in text else text


def overlong(text: str) -> str:
    """Percent-encoded UTF-8 with more bytes than it needs, such as `%c0%af` for a slash."""
    return _OVERLONG.sub(_of_overlong, text) if any(map(text.__contains__, _LEADS)) else text


def plus(text: str) -> str:
    """`+` is a space in a query."""
    return text.replace("+", " ") if "+" in text else text


def entities(text: str) -> str:
    """HTML entities, once, as the characters that they stand for."""
    if "&" not in text:
        return text
    return _ENTITY.sub(_of_entity, text)


def escapes(text: str) -> str:
    r"""Characters as JavaScript writes them: `\x3c`, `\u003c`, `\u{3c}`."""
    return _ESCAPE.sub(_of_hexadecimal, text) if "\\" in text else text


def visible(text: str) -> str:
    """Compatibility forms (full width, ligatures) and look-alikes as plain letters, invisible characters gone."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    there = set(text)
    if all(map(_is_at_rest, there)):
        return text
    if not there.isdisjoint(_HIDDEN):
        text = _INVISIBLE.sub("", text)
    text = unicodedata.normalize("NFKC", text) if len(text) <= PIECE else _compatible(text)
    # What compatibility forms have turned into is for the next round.
    if not there.isdisjoint(_LOOSE):
        text = _ACCENTS.sub(_loose, text)
    return text if there.isdisjoint(LETTERS) else latin(text)


def comments(text: str) -> str:
    """SQL comments, used to break words apart, as a space; what MySQL runs inside of `/*! */` stays."""
    if "\n" in text:
        text = _LINE_COMMENT.sub(" ", text)
    return _SQL_COMMENT.sub(" ", text) if "*/" in text or "/*" in text else text


def spaces(text: str) -> str:
    """Runs of white space as one space."""
    # Every white space but the plain one is not printable.
    return _SPACES.sub(" ", text) if "  " in text or not text.isprintable() else text


def lines(text: str) -> str:
    """Runs of white space as one space, or as one line break if there is one in it: shells begin a command there."""
    return _SPACES.sub(_of_spaces, text) if "  " in text or not text.isprintable() else text


def is_plain(text: str) -> bool:
    """Whether decoding has nothing to do but lower case: so it is for most URLs, at a tenth of the cost."""
    return _PLAIN.fullmatch(text) is not None


def url_round(text: str) -> str:
    """Every step that a part of a URL needs, once."""
    return lines(comments(visible(escapes(entities(percent(text)))))).lower()


def free_round(text: str) -> str:
    """Every step that a text for people needs, once."""
    return spaces(visible(entities(text))).lower()


def settled(text: str, decode_once: Callable[[str], str]) -> str:
    """The text after rounds of decoding: at rest, or after `ROUNDS` of them."""
    for _ in range(ROUNDS):
        plain = decode_once(text)
        if plain == text or (not _MAY_HIDE.search(plain) and all(map(_is_at_rest, set(plain)))):
            return plain
        text = plain
    return text


def url_text(text: str) -> str:
    """A part of a URL as the server's code would see it, in lower case."""
    if is_plain(text):
        return text.lower()
    return settled(text, url_round)


def query_text(text: str) -> str:
    """A query string or search text, in lower case."""
    return url_text(plus(text))


def free_text(text: str) -> str:
    """What a person is meant to read, in lower case."""
    # Most posts hide nothing: they need none of the rounds.
    if "&" not in text or _ENTITY.search(text) is None:
        if text.isascii():
            if "\0" not in text:
                return spaces(text).lower()
        elif _EASY.fullmatch(text):
            return spaces(latin(text)).lower().replace(_DOTS, "...")
    return settled(text, free_round)


def as_sent(text: str) -> str:
    """A user agent, without the names of devices and with its case: patterns of crawlers' names tell case."""
    return agent_text(text)


def split_url(url: str) -> tuple[str, str, str]:
    """Scheme and host (empty where a URL begins with its path), path and query string, none of them decoded."""
    rest, _, query = url.partition("?")
    scheme, is_whole, _ = rest[:16].partition("://")
    if not is_whole or "/" in scheme:
        return "", rest, query
    slash = rest.find("/", len(scheme) + 3)
    return (rest[:slash], rest[slash:], query) if slash >= 0 else (rest, "/", query)


def url_parts(url: str) -> tuple[str, str, str]:
    """The whole URL, its path and its query, each split off before it is decoded, as a server does."""
    if is_plain(url):
        host, path, query = split_url(url.lower())
        return (f"{host}{path}?{query}" if query else host + path), path, query
    host, path, query = split_url(url)
    path, query = url_text(path), query_text(query)
    return f"{url_text(host)}{path}?{query}" if query else f"{url_text(host)}{path}", path, query


def whole_url(url: str) -> str:
    """A URL, decoded part by part."""
    return url_parts(url)[0]


def _of_spaces(found: re.Match[str]) -> str:
    return "\n" if "\n" in found[0] else " "


def _compatible(text: str) -> str:
    """NFKC by pieces: putting a run of accents in order takes time quadratic in its length."""
    pieces: list[str] = []
    end = 0
    for found in _PIECE.finditer(text):
        start = max(found.start() - 1, end)  # an accent belongs to the plain letter before it
        pieces += text[end:start], unicodedata.normalize("NFKC", text[start : found.end()])
        end = found.end()
    return "".join([*pieces, text[end:]])


@lru_cache(32_768)
def _is_at_rest(character: str) -> bool:
    """Whether decoding never changes the character, in any context."""
    if character <= "\x7f":
        return character != "\0"
    return (
        character.lower() == character
        and unicodedata.normalize("NFKC", character) == character
        and unicodedata.category(character)[0] != "M"
        and not "\u1100" <= character <= "\u11ff"  # parts of syllables, which join
        and character not in _HIDDEN
        and character not in LETTERS
    )


def _is_easy(character: str) -> bool:
    """Whether lower case, and a look-alike's turn into a Latin letter, are all that changes it."""
    lower = character.lower()
    return (
        len(lower) == 1
        and character not in "\0Σ"  # whose lower case depends on its neighbours
        and (character.isprintable() or character in "\t\n\r")
        and (_is_at_rest(lower) or (lower in LETTERS and unicodedata.normalize("NFKC", lower) == lower))
        and (character in LETTERS or lower not in LETTERS)
        and unicodedata.normalize("NFKC", character) == character
        and unicodedata.category(character)[0] != "M"
    )


_DOTS = "\u2026"
_OFTEN = ((0, 0x5FF), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x20AC, 0x20AC), (0x2190, 0x22FF), (0x3001, 0x30FF))
"""Where the letters and signs of most posts stand."""
_EASY = re.compile(
    "["
    + "".join(
        re.escape(character)
        for first, last in _OFTEN
        for character in map(chr, range(first, last + 1))
        if _is_easy(character)
    )
    + f"{_DOTS}\u4e00-\u9fff\uac00-\ud7a3\U0001f300-\U0001f64f]*"
)


def _of_entity(found: re.Match[str]) -> str:
    return _character(found[0])


@lru_cache(1_024)
def _character(entity: str) -> str:
    return html.unescape(entity)


def _of_bytes(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")


def _loose(found: re.Match[str]) -> str:
    """Accents that no letter has taken in: piled up on Latin letters that don't have them, they are a disguise."""
    start = found.start()
    before = found.string[start - 1 : start]
    return "" if before.isalpha() and before <= _LAST_LATIN else found[0]


def _of_hexadecimal(found: re.Match[str]) -> str:
    code = int(next(digits for digits in found.groups() if digits), 16)
    return chr(code)


def _of_overlong(found: re.Match[str]) -> str:
    two, three, four = found.groups()
    if two:
        return chr(((int(found[0][2], 16) & 1) << 6) | (int(two[1:], 16) & 0x3F))
    code = 0
    for byte in (three or four).split("%")[1:]:
        code = (code << 6) | (int(byte, 16) & 0x3F)
    return chr(code)
