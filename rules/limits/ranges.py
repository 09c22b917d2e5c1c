"""Ranges of addresses as operators publish them: a list, one a line, or the JSON that search engines share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

MOST_RANGES = 50_000
MOST_BYTES = 8 * 1024 * 1024
_JSON_NAMES = ("ipv4Prefix", "ipv6Prefix")


def as_network(text: str) -> IPv4Network | IPv6Network | None:
    """The network that a text names; None if it names none."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def read_ranges(path: Path) -> list[str] | str:
    """The ranges of a file, or an error message."""
    try:
        # A device would have no end.
        if not path.is_file():
            return f"{path} can't be read: it is no file."
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8")
    except (OSError, ValueError):
        return f"{path} can't be read."
    if len(content) > MOST_BYTES:
        return f"{path} has more than {MOST_BYTES} bytes."
    try:
        found = list(_of_json(json.loads(text)) if text.lstrip().startswith("{") else _of_lines(text))
    except (ValueError, RecursionError):
        return f"{path} is no JSON of prefixes."
    if not 1 <= len(found) <= MOST_RANGES:
        return f"{path} has {len(found)} ranges; 1 to {MOST_RANGES} are taken."
    wrong = next((one for one in found if not is_meant(one)), None)
    return found if wrong is None else f"{path}: {wrong!r} is no network that could be meant."


def is_meant(text: str) -> bool:
    """Whether a text names a network that is smaller than all addresses."""
    network = as_network(text)
    return network is not None and network.prefixlen > 0


def _of_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        content = line.partition("#")[0].strip()
        if content:
            yield content


def _of_json(content: object) -> Iterator[str]:
    prefixes = content.get("prefixes") if isinstance(content, dict) else None
    if not isinstance(prefixes, list):
        raise ValueError("no prefixes")  # noqa: TRY004 -- one kind of error for all files that are not of the form
    for entry in prefixes:
        for name in _JSON_NAMES:
            if isinstance(entry, dict) and isinstance(entry.get(name), str):
                yield entry[name]
