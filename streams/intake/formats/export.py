"""What the readers of event exports share: a table of fields that is data, and one loop over JSON lines.

A table has pairs (field of the export, field of the event). A dot in an export's field leads into a nested object; a
list on the way stands for its first item. Of several pairs for one field of the event, the first one that has a value
counts. A field of the event that starts with `properties.` is carried and never judged.
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
"""Names of Segment's e-commerce and B2B specs, snake-cased, that Weir has a type for. PostHog has the same names."""

_CARRIED = "properties."
_ZONE = re.compile(r" ?(?:UTC|(?P<offset>[+-][0-9]{2}(?::?[0-9]{2})?))\Z")
_EPOCH = re.compile(r"[0-9]{10}(?:\.[0-9]{1,9})?|[0-9]{13}")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"\W+")
# A longer name is no event's type, and is refused where all events are checked: no work is spent on it.
_LONGEST_NAME = 1_024


class RowError(Exception):
    """A row of an export that is no event."""

    def __init__(self, detail: str, reason: DeadLetterReason = DeadLetterReason.UNREADABLE_LINE) -> None:
        super().__init__(detail)
        self.reason = reason


class FieldMap:
    """Reads the fields of an event out of a row, by a table of fields."""

    def __init__(self, fields: Fields) -> None:
        # Paths are split once: a row asks for each of them.
        self._steps = [(tuple(source.split(".")), field, _CONVERTERS.get(field, text)) for source, field in fields]

    def read(self, row: JsonObject, nothing: str = "") -> dict[str, object]:
        """The event's fields that the row has a value for.

        Empty texts, values of another type, and the export's own word for `nothing` are no values.
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
    """One event a line of JSON.

    Args:
        lines: The file's lines.
        name: What a line is, for messages: "a GA4 event".
        event_of: Makes the event of a row, or raises `RowError`.
        makes_ids: An event without an id gets one of the line's bytes and of how many equal lines came before, so
            that a file that is sent twice counts once, and that equal lines of one file stay apart.
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
    """Drops a value that may not be money: outside a purchase, only one with a currency is."""
    if event.get("type") != "purchase" and "currency" not in event:
        event.pop("value", None)
    return event


def text(value: object) -> str | None:
    """A text, or an integer as one."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def amount(value: object) -> float | None:
    """A finite number, or a text of one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def time(value: object) -> float | str | None:
    """A time in a form that Weir reads; what is no time is left as it is, and refused where all events are checked.

    Warehouses write `2021-03-01 00:00:02.5 UTC` or put a space before the offset, neither of which is ISO 8601.
    """
    if isinstance(value, str) and value:
        if _EPOCH.fullmatch(value):
            return float(value)
        return _ZONE.sub(lambda zone: zone["offset"] or "Z", value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def snake_case(name: str) -> str:
    """`Order Completed`, `orderCompleted` and `$order-completed` as `order_completed`; a name of signs as it is."""
    if len(name) > _LONGEST_NAME:
        return name
    return _NO_WORD.sub("_", _WORD_START.sub("_", name)).strip("_").lower() or name


def _decoded(raw: bytes, name: str) -> JsonObject:
    try:
        row = msgspec.json.decode(raw)
    except RecursionError as error:
        raise RowError(f"The line is not {name}: its JSON is nested too deeply.") from error
    except msgspec.DecodeError as error:
        raise RowError(f"The line is not {name}: {error}.") from error
    if not isinstance(row, dict):
        raise RowError(f"The line is not {name}: its JSON is no object.")
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
