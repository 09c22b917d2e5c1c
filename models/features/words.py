"""Categories and texts of a session: client, origin, submitted texts and requested paths."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache

from models.features.language import language
from weir.addresses import ipv4_number
from weir.contracts.session import Session

CATEGORY_CHARACTERS = 48
"""Longest category."""
TEXT_CHARACTERS = 400
"""Longest `text`."""
PATH_CHARACTERS = 400
"""Per path, half of them from its end: a payload at the end of a long path must not be cut off."""
USER_AGENT_TEXT_CHARACTERS = 256
"""Longest `user_agent`."""
USER_AGENT_CHARACTERS = 512
"""Characters that are parsed: browsers send fewer, and the time of some patterns below grows with their square."""

_BROWSERS = (
    ("edge", re.compile(r"Edg(?:e|A|iOS)?/(\d+)")),
    ("opera", re.compile(r"(?:OPR|Opera)[/ ](\d+)")),
    ("samsung", re.compile(r"SamsungBrowser/(\d+)")),
    ("firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("chrome", re.compile(r"(?:Chrome|CriOS)/(\d+)")),
    ("safari", re.compile(r"Version/(\d+).*Safari/")),
    ("internet-explorer", re.compile(r"(?:MSIE |Trident.*rv:)(\d+)")),
)
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Macintosh", "CrOS", "Linux")
_WORD = re.compile(r"[\w.-]+")
_LETTER = re.compile(r"[A-Za-z]")
_CRAWLS = re.compile(r"bot|crawl|spider", re.IGNORECASE)
_PRODUCT = re.compile(r"([^\s/();]+)(?:/(\d+))?")
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#:]+)", re.IGNORECASE)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")


def categories(session: Session) -> dict[str, str]:
    """Computes the categories of a session.

    Args:
        session: The session.

    Returns:
        For each category a name of at most `CATEGORY_CHARACTERS`; `none` where the session has no value.
    """
    family, release, system = _client((session.user_agent or "")[:USER_AGENT_CHARACTERS])
    prefix, network = _address(session.ip or "")
    return {
        "user_agent_family": family,
        "user_agent_release": release,
        "operating_system": system,
        "referrer_host": _host(session.referrer or ""),
        "address_prefix": prefix,
        "address_network": network,
        "method": _most_frequent(session.methods),
        "entry_section": _section(_path(session.entry_url)),
        "exit_extension": _extension(_path(session.exit_url)),
        "language": language(" ".join(seen.text for seen in session.texts)) if session.texts else "none",
    }


def texts(session: Session) -> dict[str, str]:
    """Computes the texts of a session.

    Args:
        session: The session.

    Returns:
        `text`: submitted texts, newest first; `paths`: first and last path with query strings; `user_agent`. Empty ones
        are left out.
    """
    found: dict[str, str] = {}
    written = "\n".join(seen.text for seen in reversed(session.texts))[:TEXT_CHARACTERS]
    if written.strip():
        found["text"] = written
    ends = (session.entry_url, session.exit_url)
    paths = " ".join(dict.fromkeys(_shortened(_path_and_query(url)) for url in ends if url))
    if paths:
        found["paths"] = paths
    if session.user_agent:
        found["user_agent"] = session.user_agent[:USER_AGENT_TEXT_CHARACTERS]
    return found


@lru_cache(maxsize=4_096)
def _client(user_agent: str) -> tuple[str, str, str]:
    if not user_agent:
        return "none", "none", "none"
    system = next((system.lower() for system in _SYSTEMS if system in user_agent), "other")
    program = _program(user_agent)
    if program is not None:
        return program, program, system
    for family, pattern in _BROWSERS:
        found = pattern.search(user_agent)
        if found:
            return family, f"{family} {found[1][:6]}", system
    product = _PRODUCT.search(user_agent)
    name = product[1].lower()[:CATEGORY_CHARACTERS] if product else "other"
    return name, f"{name} {product[2][:6]}" if product and product[2] else name, system


def _program(user_agent: str) -> str | None:
    """The first word with `bot`, `crawl` or `spider` after its first letter, from that letter on; None without one."""
    if not _CRAWLS.search(user_agent):
        return None
    for word in _WORD.finditer(user_agent):
        letter = _LETTER.search(word[0])
        if letter and _CRAWLS.search(word[0], letter.end()):
            return word[0][letter.start() :].lower()[:CATEGORY_CHARACTERS]
    return None


@lru_cache(maxsize=4_096)
def _address(ip: str) -> tuple[str, str]:
    if not ip:
        return "none", "none"
    if ipv4_number(ip) is not None:
        first, second, third, _ = ip.split(".")
        return f"{first}.{second}.{third}", f"{first}.{second}"
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "hashed", "hashed"
    # Three groups are /24 of IPv4 and /48 of IPv6; two are /16 and /32.
    separator = "." if isinstance(address, ipaddress.IPv4Address) else ":"
    groups = address.exploded.split(separator)
    return separator.join(groups[:3]), separator.join(groups[:2])


@lru_cache(maxsize=4_096)
def _host(referrer: str) -> str:
    if not referrer or referrer == "-":
        return "none"
    found = _HOST.match(referrer)
    return found[1].lower().removeprefix("www.")[:CATEGORY_CHARACTERS] if found else "same-site"


def _most_frequent(counts: Mapping[str, int]) -> str:
    if not counts:
        return "none"
    return min(counts, key=lambda name: (-counts[name], name))[:CATEGORY_CHARACTERS]


def _path_and_query(url: str) -> str:
    found = _HOST.match(url)
    return (url[found.end() :] if found else url) or "/"


def _shortened(path: str) -> str:
    # Not decoded: escapes separate attacks better than the characters that they encode.
    half = PATH_CHARACTERS // 2
    return path if len(path) <= PATH_CHARACTERS else path[:half] + path[-half:]


def _path(url: str | None) -> str:
    return _path_and_query(url).partition("?")[0].partition("#")[0] if url else ""


def _section(path: str) -> str:
    return path.lstrip("/").partition("/")[0].lower()[:CATEGORY_CHARACTERS] or "none"


def _extension(path: str) -> str:
    found = _EXTENSION.search(path)
    return found[1].lower() if found else "none"
