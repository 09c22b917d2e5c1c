"""What a text says once its disguises are off. Each step is a function; `whole_url` and `free_text` are their order.

Percent-encoding, entities and compatibility forms hide in each other, so they come off in rounds, until nothing
changes. Encoding the percent sign again and again is undone in one round, however often; what needs more than `ROUNDS`
rounds nests its disguises deeper than any server would undo them, and is looked at as it is then.

The whole text is decoded, since whatever was left out would be where to hide; the contract of events bounds its length,
and the cost is linear in it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote

ROUNDS = 8
"""Disguises in disguises that are taken off."""
PIECE = 256
"""Characters that are brought into a compatible form at once."""

_INVISIBLE = re.compile(
    "["
    "\u200b-\u200f"  # zero-width space and joiners, marks of direction
    "\u202a-\u202e"  # embeddings and overrides of direction
    "\u2060-\u2064"  # word joiner, invisible operators
    "\u00ad"  # soft hyphen
    "\ufeff"  # byte order mark
    "\0]+"
)
# An accent belongs to the character before it, so that a piece takes in the last plain one.
_PIECE = re.compile(rf"[\0-\x7f]?[^\0-\x7f]{{1,{PIECE}}}")
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
    text = _INVISIBLE.sub("", text)
    if len(text) <= PIECE:
        return unicodedata.normalize("NFKC", text)
    # By pieces: putting a run of accents in order takes time quadratic in its length.
    return _PIECE.sub(lambda piece: unicodedata.normalize("NFKC", piece[0]), text)


def comments(text: str) -> str:
    """SQL comments, used to break words apart, as a space; what MySQL runs inside of `/*! */` stays."""
    return _SQL_COMMENT.sub(" ", text) if "*/" in text or "/*" in text else text


def spaces(text: str) -> str:
    """Runs of white space as one space."""
    return _SPACES.sub(" ", text)


def undisguised(text: str) -> str:
    """Percent-encoding, entities and invisible characters taken off until nothing changes, or `ROUNDS` are over."""
    for _ in range(ROUNDS):
        plain = visible(entities(percent(text)))
        if plain == text or ("%" not in plain and "&" not in plain):
            return plain
        text = plain
    return text


def is_plain(text: str) -> bool:
    """Whether decoding has nothing to do but lower case: so it is for most URLs, at a tenth of the cost."""
    return _PLAIN.fullmatch(text) is not None


def url_text(text: str) -> str:
    """A part of a URL as the server's code would see it, in lower case."""
    if is_plain(text):
        return text.lower()
    return spaces(comments(undisguised(text))).lower()


def query_text(text: str) -> str:
    """A query string or search text, in lower case."""
    return url_text(plus(text))


def free_text(text: str) -> str:
    """What a person is meant to read, in lower case."""
    for _ in range(ROUNDS):
        plain = visible(entities(text))
        if plain == text:
            break
        text = plain
    return spaces(text).lower()


def as_sent(text: str) -> str:
    """A user agent: patterns of crawlers' names tell case."""
    return text


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
    host, path, query = split_url(url.lower() if is_plain(url) else url)
    path, query = url_text(path), query_text(query)
    return f"{url_text(host)}{path}?{query}" if query else f"{url_text(host)}{path}", path, query


def whole_url(url: str) -> str:
    """A URL, decoded part by part."""
    return url_parts(url)[0]
