"""Shared code of the readers of event exports: a table of field names, and a loop over JSON lines.

The table has pairs (field of the export, field of the event). A dot in an export's field leads into a nested object; of
a list, the first item is used. If several pairs have the same field of the event, then the first pair with a value
counts. Fields that start with `properties.` are stored with the event, and no rule or model reads them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec
from xxhash import xxh3_128_digest

from streams.intake.line import ParsedLine, RawLine, Unreadable, not_blank
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode

Fields = tuple[tuple[str, str], ...]
JsonObject = dict[str, object]

COMMERCE_TYPES = {
    "product_added": "add_to_cart",
    "product_removed": "remove_from_cart",
    "order_completed": "purchase",
    "products_searched": "search",
    "signed_in": "login",
    "logged_in": "login",
}
"""Weir's event types by the snake-cased names of Segment's e-commerce and B2B specs, which PostHog uses as well."""

_CARRIED = "properties."
_ZONE = re.compile(r" ?(?:UTC|(?P<offset>[+-][0-9]{2}(?::?[0-9]{2})?))\Z")
_EPOCH = re.compile(r"[0-9]{10}(?:\.[0-9]{1,9})?|[0-9]{13}")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NON_WORD = re.compile(r"\W+")
# `decode` refuses longer event types, so they are not converted.
_LONGEST_NAME = 1_024


class RowError(Exception):
    """A row of an export is not a valid event."""

    def __init__(self, detail: str, reason: DeadLetterReason = DeadLetterReason.UNREADABLE_LINE) -> None:
        super().__init__(detail)
        self.reason = reason


class FieldMap:
    """Reads the fields of an event from a row, by a table of field names."""

    def __init__(self, fields: Fields) -> None:
        # Paths are split once here, not for each row.
        self._steps = [(tuple(source.split(".")), field, _CONVERTERS.get(field, text)) for source, field in fields]

    def read(self, row: JsonObject, nothing: str = "") -> dict[str, object]:
        """The event's fields for which the row has a value.

        Empty strings, values of another type, and `nothing`, which the export writes for missing values, are left out.
        """
        event: dict[str, object] = {}
        carried: dict[str, object] = {}
        for path, field, convert in self._steps:
            place, name = (carried, field.removeprefix(_CARRIED)) if field.startswith(_CARRIED) else (event, field)
            if name not in place and (value := convert(_at(row, path))) is not None and value != nothing:
                place[name] = value
        if carried:
            event["properties"] = carried
        return event


def read_objects(
    lines: Iterable[RawLine], name: str, event_of: Callable[[JsonObject], dict[str, object]], *, makes_ids: bool = False
) -> Iterator[ParsedLine | Unreadable]:
    """Makes one event of each line of JSON.

    Args:
        lines: The file's lines.
        name: Description of a line for messages, such as "a GA4 event".
        event_of: Makes the event of a row, or raises `RowError`.
        makes_ids: Whether an event without an id gets an id. It is made of the hash of the line and the number of equal
            lines before it, so that a file that is sent twice counts once, and equal lines of a file have different
            ids.
    """
    seen: Counter[bytes] = Counter()
    for number, raw in not_blank(lines):
        try:
            event = event_of(_decoded(raw, name))
        except UnicodeDecodeError:
            yield Unreadable(number, raw, DeadLetterReason.NOT_UTF8, "The line is not UTF-8.")
        except RowError as error:
            yield Unreadable(number, raw, error.reason, str(error))
        else:
            if makes_ids and "event_id" not in event:
                digest = xxh3_128_digest(raw)
                event["event_id"] = f"{digest.hex()}-{seen[digest]}"
                seen[digest] += 1
            yield ParsedLine(number, raw, encode(event))


def finish(event: dict[str, object]) -> dict[str, object]:
    """Drops the value of an event that is not a purchase and has no currency, as it may not be money."""
    if event.get("type") != "purchase" and "currency" not in event:
        event.pop("value", None)
    return event


def text(value: object) -> str | None:
    """A non-empty string, or an integer as a string."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def amount(value: object) -> float | None:
    """A finite number, also from its decimal text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def time(value: object) -> float | str | None:
    """A time in a form that Weir reads; other strings stay as they are, and `decode` refuses them.

    Warehouses write `2021-03-01 00:00:02.5 UTC` or put a space before the offset, neither of which is ISO 8601.
    """
    if isinstance(value, str) and value:
        if _EPOCH.fullmatch(value):
            return float(value)
        return _ZONE.sub(lambda zone: zone["offset"] or "Z", value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def snake_case(name: str) -> str:
    """`Order Completed`, `orderCompleted` and `$order-completed` as `order_completed`; without letters, unchanged."""
    if len(name) > _LONGEST_NAME:
        return name
    return _NON_WORD.sub("_", _WORD_START.sub("_", name)).strip("_").lower() or name


def _decoded(raw: bytes, name: str) -> JsonObject:
    try:
        row = msgspec.json.decode(raw)
    except RecursionError as error:
        raise RowError(f"The line is not {name}: its JSON is nested too deeply.") from error
    except msgspec.DecodeError as error:
        raise RowError(f"The line is not {name}: {error}.") from error
    if not isinstance(row, dict):
        raise RowError(f"The line is not {name}: its JSON is not an object.")
    return row


def _at(row: object, path: tuple[str, ...]) -> object:
    for step in path:
        if isinstance(row, list):
            row = row[0] if row else None
        if not isinstance(row, dict):
            return None
        row = row.get(step)
    return row


_CONVERTERS: dict[str, Callable[[object], object]] = {"ts": time, "value": amount}
