"""The templates' environment and filters, which escape all texts of visitors."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from weir.console.charts import area, bars, curve, lines

_SHOWN = frozenset("\n\t")
REPLACED = "\N{REPLACEMENT CHARACTER}"
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
LABELS: Mapping[str, str] = {
    "rate_limit": "rate limit",
    "business_rule": "business rule",
    "": "none",
}


def inert(text: str) -> str:
    """The text with control characters and changes of writing direction replaced."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in _SHOWN or unicodedata.category(char) not in _HIDDEN else REPLACED for char in text)


_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))


def _finalize(value: object) -> object:
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def when(at_s: float | None) -> Markup:
    """A time in UTC as an HTML element `time`, which programs can read too."""
    if at_s is None:
        return Markup("")
    try:
        moment = datetime.fromtimestamp(at_s, UTC)
    except (ValueError, OverflowError, OSError):
        return Markup("{}").format(str(at_s))
    full = moment.strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}Z">{}</time>').format(full.replace(" ", "T"), f"{full}Z")


def ago(at_s: float | None, now_s: float) -> str:
    """The age of a time, in one unit."""
    if at_s is None:
        return "never"
    return f"{duration(max(0.0, now_s - at_s))} ago"


def duration(seconds: float) -> str:
    """A length of time, in one unit."""
    for unit_s, name in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} s"


def number(value: float | None) -> str:
    """A number for people, with separators and few digits."""
    if value is None:
        return "–"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004 -- digits
    return f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share."""
    return "–" if value is None else f"{value:.1%}" if value < 0.1 else f"{value:.0%}"  # noqa: PLR2004 -- digits


def shortened(text: str | None, at_most: int = 60) -> str:
    """The beginning of a text."""
    text = text or ""
    return text if len(text) <= at_most else f"{text[: at_most - 1]}…"


def label(value: str) -> str:
    """A value of a record in words."""
    return LABELS.get(value, value)


def link(path: str, **query: object) -> str:
    """An address of the console with its parameters."""
    given = {name.rstrip("_"): str(value) for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(given)}" if given else path


def environment() -> Environment:
    """The templates' environment."""
    made = Environment(
        loader=PackageLoader("weir.console", "templates"),
        autoescape=True,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        when=when,
        ago=ago,
        duration=duration,
        shell=shlex.quote,
        number=number,
        percent=percent,
        shortened=shortened,
        label=label,
    )
    shared: dict[str, Any] = {"link": link, "bars": bars, "area": area, "curve": curve, "lines": lines}
    made.globals.update(shared)
    return made
