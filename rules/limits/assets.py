"""What a page loads, and no person asks for: images, styles, scripts, fonts, map tiles.

A page of a shop loads ninety pictures, a map twenty tiles at each move. Counted like pages, they would make a person
who looks around a machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from weir.contracts.fast import FastEvent

ASSET = "asset"
"""The name that a budget's costs have for all assets."""

EXTENSIONS = frozenset(
    (
        *(
            "png",
            "jpg",
            "jpeg",
            "jpe",
            "gif",
            "webp",
            "avif",
            "svg",
            "svgz",
            "ico",
            "bmp",
            "apng",
            "jxl",
            "cur",
            "heic",
        ),
        *("css", "js", "mjs", "cjs", "map", "wasm", "webmanifest"),
        *("woff", "woff2", "ttf", "otf", "eot"),
        *("pbf", "mvt", "b3dm", "terrain"),
        *("mp3", "ogg", "oga", "m4a", "wav", "mp4", "webm", "m4s", "ts", "m3u8", "mpd", "vtt"),
    )
)
"""Of paths, in lower case and without the dot."""
TYPES = frozenset({"asset", "image", "style", "script", "font", "tile"})
"""Of events, as producers call them."""
LONGEST_EXTENSION = 11
_REMEMBERED = 16_384
_READING = frozenset({None, "GET", "HEAD", "get", "head"})
"""Methods by which a page loads what belongs to it; access logs give one, events of a page's script give none."""
_FIRST_ERROR = 400
_CLIENT_CLOSED = 499
"""nginx's status for a client that did not wait: a map that moves on gives up its tiles."""


class Assets(msgspec.Struct, frozen=True):
    """What counts as an asset in one installation; part of a partition's state."""

    types: tuple[str, ...] = tuple(sorted(TYPES))
    """Of events."""
    extensions: tuple[str, ...] = tuple(sorted(EXTENSIONS))
    """Of URLs' paths, in lower case and without the dot."""


class AssetPricing:
    """Tells which events budgets charge as assets."""

    def __init__(self, assets: Assets | None, costs: Iterable[Mapping[str, float]]) -> None:
        """Takes what counts as an asset, None for nothing, and the costs of each budget by type of event."""
        self.is_in_force = assets is not None
        """Whether `asset` in costs stands for all assets, and not for one type of events."""
        priced = [frozenset(one) for one in costs if ASSET in one] if assets is not None else []
        self._is_needed = bool(priced)
        # A type that each of these budgets names is charged by its own cost, so its URL is not looked at.
        self._own = frozenset.intersection(*priced) - {ASSET} if priced else frozenset()
        self._types = frozenset(assets.types if assets is not None else ())
        self._extensions = frozenset(assets.extensions if assets is not None else ())

    def is_asset(self, event: FastEvent) -> bool:
        """Whether an event has loaded an asset that was there.

        Who tries names of files that are missing gets errors, and pays in full.
        """
        if not self._is_needed or event.type in self._own:
            return False
        status = event.status
        if (status is not None and status >= _FIRST_ERROR and status != _CLIENT_CLOSED) or event.method not in _READING:
            return False
        if event.type in self._types:
            return True
        url = event.url
        return url is not None and extension(url) in self._extensions


def extension(url: str) -> str:
    """The extension of a URL's path, in lower case; empty if there is none."""
    if "#" in url:
        url = url[: url.index("#")]
    if "?" in url:
        url = url[: url.index("?")]
    dot = url.rfind(".")
    if dot < 0 or len(url) - dot > LONGEST_EXTENSION + 1 or url.find("/", dot) >= 0:
        return ""
    return url[dot + 1 :].lower()


@lru_cache(_REMEMBERED)
def is_asset_url(url: str) -> bool:
    """Whether the URL's extension is one of `EXTENSIONS`."""
    return extension(url) in EXTENSIONS
