"""What a text says once its disguises are off. Each step is a function; `url_text` and `free_text` are their order.

Percent-encoding, entities and compatibility forms hide in each other, so they come off in rounds, until nothing
changes. Encoding the percent sign again and again is undone in one round, however often; what needs more than `ROUNDS`
rounds nests its disguises deeper than any server would undo them, and is looked at as it is then.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote

LONGEST = 16_384
"""Characters of a text that are looked at: all of a URL, and both ends of a longer text."""
ROUNDS = 8
"""Disguises in disguises that are taken off."""

_INVISIBLE = dict.fromkeys(
    (
        *range(0x200B, 0x2010),  # zero-width space and joiners, marks of direction
        *range(0x202A, 0x202F),  # embeddings and overrides of direction
        *range(0x2060, 0x2065),  # word joiner, invisible operators
        0x00AD,  # soft hyphen
        0xFEFF,  # byte order mark
        0x0000,
    )
)
_AGAIN = re.compile(r"%(?:25)+(?=[0-9A-Fa-f]{2})")
# Without a semicolon only numbers: `&copy=1` is a parameter, though browsers would see a copyright sign.
_ENTITY = re.compile(r"&(?:#[xX]?[0-9A-Fa-f]{1,8};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_SQL_COMMENT = re.compile(r"/\*(?:!\d{0,6}|[^*]*\*/)|\*/")
_SPACES = re.compile(r"\s+")
_PLAIN = re.compile(r"[A-Za-z0-9_./?=&:@,~!$|'\"()<>\[\]{}^`\\-]*")


def percent(text: str) -> str:
    """Percent-encoding taken off once, however often the percent sign itself is encoded; no UTF-8 becomes U+FFFD."""
    if "%" not in text:
        return text
    return unquote(_AGAIN.sub("%", text), errors="replace")


def plus(text: str) -> str:
    """`+` is a space in a query."""
    return text.replace("+", " ") if "+" in text else text


def entities(text: str) -> str:
    """HTML entities, once, as the characters that they stand for."""
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)


def visible(text: str) -> str:
    """Compatibility forms (full width, ligatures) as plain letters, invisible characters gone."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return unicodedata.normalize("NFKC", text.translate(_INVISIBLE))


def comments(text: str) -> str:
    """SQL comments, used to break words apart, as a space; what MySQL runs inside of `/*! */` stays."""
    return _SQL_COMMENT.sub(" ", text) if "*/" in text or "/*" in text else text


def spaces(text: str) -> str:
    """Runs of white space as one space."""
    return _SPACES.sub(" ", text)


def ends(text: str) -> str:
    """A text's beginning and end, so that neither is hidden behind padding; all of one of `LONGEST` characters."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} {text[-half:]}"


def undisguised(text: str) -> str:
    """Percent-encoding, entities and invisible characters taken off until nothing changes, or `ROUNDS` are over."""
    for _ in range(ROUNDS):
        plain = visible(entities(percent(text)))
        if plain == text:
            break
        text = plain
    return text


def is_plain(text: str) -> bool:
    """Whether decoding has nothing to do but lower case: so it is for most URLs, at a tenth of the cost."""
    return _PLAIN.fullmatch(text) is not None and len(text) <= LONGEST


def url_text(text: str) -> str:
    """A URL, or a part of one, as the server's code would see it, in lower case."""
    if is_plain(text):
        return text.lower()
    return spaces(comments(undisguised(ends(text)))).lower()


def query_text(text: str) -> str:
    """A query string or search text, in lower case."""
    return url_text(plus(text))


def free_text(text: str) -> str:
    """What a person is meant to read, in lower case."""
    text = ends(text)
    for _ in range(ROUNDS):
        plain = visible(entities(text))
        if plain == text:
            break
        text = plain
    return spaces(text).lower()


def as_sent(text: str) -> str:
    """A user agent: patterns of crawlers' names tell case."""
    return ends(text)


def split_url(url: str) -> tuple[str, str]:
    """Path (without scheme and host) and query string, neither decoded."""
    rest, _, query = url.partition("?")
    if "://" in rest[:16]:
        host_and_path = rest.split("://", 1)[1]
        slash = host_and_path.find("/")
        rest = host_and_path[slash:] if slash >= 0 else "/"
    return rest, query
