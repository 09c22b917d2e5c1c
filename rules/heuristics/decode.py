"""What a text says once its disguises are off. Each step is a function; `url_text` and `free_text` are their order."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote

LONGEST = 8_192
"""Characters of a text that are looked at."""
ROUNDS = 3
"""Times that percent-encoding is taken off: twice is common in attacks, more is noise."""

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
_SQL_COMMENT = re.compile(r"/\*.{0,256}?\*/", re.DOTALL)
_SPACES = re.compile(r"\s+")


def percent(text: str) -> str:
    """Percent-encoding taken off until nothing changes, `ROUNDS` times at most; what is no UTF-8 becomes U+FFFD."""
    for _ in range(ROUNDS):
        if "%" not in text:
            return text
        plain = unquote(text, errors="replace")
        if plain == text:
            return text
        text = plain
    return text


def plus(text: str) -> str:
    """`+` is a space in a query."""
    return text.replace("+", " ") if "+" in text else text


def entities(text: str) -> str:
    """HTML entities as the characters that they stand for."""
    return html.unescape(text) if "&" in text else text


def visible(text: str) -> str:
    """Compatibility forms (full width, ligatures) as plain letters, invisible characters gone."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return unicodedata.normalize("NFKC", text.translate(_INVISIBLE))


def comments(text: str) -> str:
    """SQL comments, used to break words apart, as a space."""
    return _SQL_COMMENT.sub(" ", text) if "/*" in text else text


def spaces(text: str) -> str:
    """Runs of white space as one space."""
    return _SPACES.sub(" ", text)


def url_text(text: str) -> str:
    """A URL, or a part of one, as the server's code would see it, in lower case."""
    return spaces(comments(visible(entities(percent(text[:LONGEST]))))).lower()


def query_text(text: str) -> str:
    """A query string or search text, in lower case."""
    return url_text(plus(text[:LONGEST]))


def free_text(text: str) -> str:
    """What a person is meant to read, in lower case."""
    return spaces(visible(entities(text[:LONGEST]))).lower()


def as_sent(text: str) -> str:
    """A user agent: patterns of crawlers' names tell case."""
    return text[:LONGEST]


def split_url(url: str) -> tuple[str, str]:
    """Path (without scheme and host) and query string, neither decoded."""
    rest, _, query = url.partition("?")
    if "://" in rest[:16]:
        host_and_path = rest.split("://", 1)[1]
        slash = host_and_path.find("/")
        rest = host_and_path[slash:] if slash >= 0 else "/"
    return rest, query
