"""Packs for tests, as their authors write them, and as the rules topic carries them."""

from __future__ import annotations

from typing import Any

import yaml

from rules.heuristics.pack import Pack, parse_pack
from weir.contracts import PackVersion

ENTRY: dict[str, Any] = {
    "id": "mine/export",
    "category": "scraper",
    "reason": "Fetches what no page links to.",
    "field": "path",
    "weight": 0.7,
    "regex": "^/export",
    "match": ["/export/all"],
    "no_match": ["/products"],
}


def pack_text(*entries: dict[str, Any], pack: str = "mine", **head: Any) -> str:  # noqa: ANN401 -- any field
    """The YAML of a pack of these patterns, which are `ENTRY` where they don't say otherwise."""

    written = {"pack": pack, "version": "1", "owner": "shop", "description": "Ours.", **head}
    return yaml.safe_dump(written | {"patterns": [ENTRY | entry for entry in entries]}, sort_keys=False)


def a_pack(*entries: dict[str, Any], pack: str = "mine", **head: Any) -> Pack:  # noqa: ANN401 -- any field
    """The same, read."""
    return parse_pack(f"{pack}.yaml", pack_text(*entries, pack=pack, **head))


def version_of(pack: Pack) -> PackVersion:
    """The record of a pack's version."""
    return PackVersion(pack=pack.name, version=pack.version, source=pack.source)
