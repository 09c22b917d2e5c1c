"""Sessions of the OTTO shop's public data set: one line for each visitor, with all events of the visitor.

    {"session": 12, "events": [{"aid": 59625, "ts": 1661724000278, "type": "clicks"}, …]}

`session` is a visitor's whole history, so it becomes `visitor_id`; `aid` becomes `item_id`; `clicks`, `carts` and
`orders` become `click`, `add_to_cart` and `purchase`. Lines are not ordered by time, so events are sorted by `ts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from streams.intake.line import ParsedLine, RawLine, Unreadable, not_blank
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import encode

_TYPES = {"clicks": "click", "carts": "add_to_cart", "orders": "purchase"}


class _Event(msgspec.Struct):
    aid: int | str
    ts: int | float
    type: str


class _History(msgspec.Struct):
    session: int | str
    events: list[_Event]


_decode = msgspec.json.Decoder(_History).decode


def candidates(lines: Iterable[RawLine]) -> Iterator[ParsedLine | Unreadable]:
    """All events of each line, in the order of the line."""
    for number, raw in not_blank(lines):
        try:
            history = _decode(raw)
        except UnicodeDecodeError:
            yield Unreadable(number, raw, DeadLetterReason.NOT_UTF8, "The line is not UTF-8.")
        except (msgspec.DecodeError, RecursionError) as error:
            yield Unreadable(
                number, raw, DeadLetterReason.UNREADABLE_LINE, f"The line is not an OTTO session: {error}."
            )
        else:
            yield from _events(number, history)


def _events(number: int, history: _History) -> Iterator[ParsedLine]:
    for position, event in enumerate(history.events):
        value = encode(
            {
                "event_id": f"{history.session}-{position}",
                "visitor_id": str(history.session),
                "type": _TYPES.get(event.type, event.type),
                "ts": event.ts,
                "item_id": str(event.aid),
            }
        )
        yield ParsedLine(number, value, value)
