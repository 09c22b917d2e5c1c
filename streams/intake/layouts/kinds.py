"""Kinds of log columns: the pattern and the parser of each. Layouts refer to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from streams.intake.layouts.times import any_time, by_pattern, clf_time, epoch, iso_time


class Field(StrEnum):
    """The meaning of a column's value; `reading.py` makes the event of them. The enum value is its name in messages."""

    CLIENT = "the client's address"
    FORWARDED = "the forwarded addresses"
    ACCOUNT = "the account"
    TIME = "the time"
    DATE = "the date"
    CLOCK = "the time of day"
    REQUEST = "the request line"
    METHOD = "the method"
    URL = "the URL"
    QUERY = "the query string"
    STATUS = "the status"
    BYTES = "the size"
    REFERRER = "the referrer"
    USER_AGENT = "the user agent"
    PROPERTY = "a property"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """The kind of values that a column has.

    Args:
        field: Meaning of the value.
        bare: Pattern of the value without quotes; `None` if any text without spaces is valid.
        strict: Pattern of the value in an ordinary line, used only to choose a layout; `bare` unless given. It is not
            required when lines are read, as clients may send any text and must not lose their lines by it.
        spaced: Whether the value can contain spaces, so that only quotes or brackets can end it.
        read: Converts the text to the field's value; raises ValueError with the reason.

    """

    field: Field
    bare: str | None = None
    strict: str | None = None
    spaced: bool = False
    read: Callable[[str], object] | None = None
    absolute: bool = False
    """Whether the URL always has the site's own scheme and host."""


IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
# Distinguishes an IPv6 address from a name, a time and a port; `clients.py` validates the address.
IPV6 = r"(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?:\.[0-9.]{1,15})?(?:%[0-9A-Za-z_.-]{1,32})?"
NAME = r"(?![0-9.]++(?![A-Za-z0-9_-]))[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?\.?"
_ADDRESS = rf"(?:{IPV4}|\[{IPV6}\]|{IPV6})"
_ADDRESS_AND_PORT = rf"(?:{IPV4}:[0-9]{{1,5}}|\[{IPV6}\]:[0-9]{{1,5}}|{_ADDRESS})"
_ONE_FORWARDED = rf"(?:{_ADDRESS_AND_PORT}|unknown|-|_[\w.-]{{1,64}})"
_LIST = rf"{_ONE_FORWARDED}(?:, ?{_ONE_FORWARDED}){{0,63}}"

CLIENT = ColumnKind(Field.CLIENT, rf"(?:{_ADDRESS}|{NAME}|unix:\S{{0,255}})", rf"(?:{_ADDRESS}|{NAME})")
CLIENT_ADDRESS = ColumnKind(Field.CLIENT, CLIENT.bare, _ADDRESS)
"""The client in a layout that begins with the site's name: a host name here could be the site's."""
CLIENT_AND_PORT = ColumnKind(Field.CLIENT, rf"(?:{_ADDRESS_AND_PORT}|-|unix:\S{{0,255}})")
CLIENT_THEN_PORT = ColumnKind(
    Field.CLIENT, r"(?:[0-9A-Fa-f.:]{2,60}:[0-9]{1,5}|unix:[0-9]{1,10})", read=lambda text: text.rpartition(":")[0]
)
"""HAProxy writes IPv6 addresses without brackets, so the last colon is the port's."""
FORWARDED = ColumnKind(Field.FORWARDED, _LIST)
FORWARDED_FIRST = ColumnKind(
    Field.FORWARDED, rf'(?:{_LIST}|(?:(?! - )(?:[^"\\]|\\.)){{1,4096}}?)', rf"(?:{_LIST}|{NAME})"
)
DASH = ColumnKind(Field.NOTHING, "-")
IDENT = ColumnKind(Field.NOTHING, r"[^\s.:,\[\]\"]{1,64}")
# An account may contain spaces, and servers don't quote it. To choose a layout, a text that looks like another column
# (an address, a pair, a cache status, a dash beside it) is no account. When lines are read, an account is any text
# without a bare quote, since clients choose it in Basic authentication.
NO_ACCOUNT = rf"(?:{_LIST}|HIT|MISS|BYPASS|EXPIRED|STALE|UPDATING|REVALIDATED|[A-Za-z_]{{1,32}}=[0-9.-]{{1,19}})"
"""Texts that servers write in the position of the account, but that are no accounts."""
_USUAL_ACCOUNT = (
    rf"(?:-|(?!- |{NO_ACCOUNT}(?![\w.@-]))"
    r"(?:(?! - | [A-Za-z_]{1,32}=)[^\[\]\"]){1,512}?(?<! -))"
)
_ANY_ACCOUNT = r'(?:""|(?:[^"\\]|\\.){1,1024}?)'
ACCOUNT = ColumnKind(Field.ACCOUNT, _ANY_ACCOUNT, _USUAL_ACCOUNT, spaced=True)
ACCOUNT_AFTER_HOST = ColumnKind(
    Field.ACCOUNT, rf"(?!(?:(?!\s\[).){{0,1024}} - ){_ANY_ACCOUNT}", _USUAL_ACCOUNT, spaced=True
)
"""The account after a site's name. Clients choose both, so they must not look like other columns together."""
ACCOUNT_AFTER_LIST = ColumnKind(
    Field.ACCOUNT, rf"(?!(?:(?!\s\[).){{0,1024}}(?:, | - )){_ANY_ACCOUNT}", _USUAL_ACCOUNT, spaced=True
)
"""The account after a list of addresses, whose beginning clients choose."""
HOST = ColumnKind(
    Field.PROPERTY,
    rf"(?:{IPV4}|\[{IPV6}\]|{NAME}|\*|-)(?::[0-9]{{1,5}})?",
    rf"(?:(?:{NAME}|\*)(?::[0-9]{{1,5}})?|{IPV4}:[0-9]{{1,5}})",
)
NAMED_HOST = ColumnKind(Field.PROPERTY, rf"(?:{NAME})(?::[0-9]{{1,5}})?")
"""A host name and no address: a quoted address at a line's end may as well be the forwarded address."""
CLF_TIME = ColumnKind(
    Field.TIME, r"[0-9]{1,2}/[A-Za-z]{3}/[0-9]{4}:[0-9:.]{8,19}(?: (?:[+-][0-9:]{4,6}|[A-Z]{1,5}))?", read=clf_time
)
ISO_TIME = ColumnKind(
    Field.TIME, r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ][0-9:.,]{6,18}(?: ?(?:[+-][0-9:]{4,6}|[A-Z]{1,3}))?", read=iso_time
)
EPOCH_S = ColumnKind(Field.TIME, r"[0-9]{9,10}(?:\.[0-9]{1,9})?", read=epoch(1.0))
EPOCH_MS = ColumnKind(Field.TIME, r"[0-9]{12,13}", read=epoch(1e-3))
EPOCH_US = ColumnKind(Field.TIME, r"[0-9]{15,16}", read=epoch(1e-6))
DATE = ColumnKind(Field.DATE, r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CLOCK = ColumnKind(Field.CLOCK, r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?")
REQUEST = ColumnKind(Field.REQUEST, spaced=True)
ABSOLUTE_REQUEST = ColumnKind(Field.REQUEST, spaced=True, absolute=True)
METHOD = ColumnKind(Field.METHOD, r"[A-Za-z_-]{1,32}")
URL = ColumnKind(Field.URL)
QUERY = ColumnKind(Field.QUERY)
STATUS = ColumnKind(Field.STATUS, r"(?:[0-9]{3}|-1?|0)")
BYTES = ColumnKind(Field.BYTES, r"(?:[0-9]{1,19}|-)")
REFERRER = ColumnKind(Field.REFERRER, spaced=True)
USER_AGENT = ColumnKind(Field.USER_AGENT, spaced=True)
SECONDS = ColumnKind(Field.PROPERTY, r"(?:-?[0-9]{1,10}(?:\.[0-9]{1,9})?|-)")
NUMBER = ColumnKind(Field.PROPERTY, r"(?:[0-9]{1,19}|-)")
MILLISECONDS = ColumnKind(Field.PROPERTY, r"[0-9.]{1,19}m?s")
TEXT = ColumnKind(Field.PROPERTY)
"""Stored in the event's properties under the column's name."""
LIST = ColumnKind(Field.PROPERTY, r'[^\s",]++(?:(?:,| :) [^\s",]++)*+')
"""Values of each upstream that was tried, joined by `, ` or ` : `, as nginx has them."""
SKIPPED = ColumnKind(Field.NOTHING)
SKIPPED_LIST = ColumnKind(Field.NOTHING, LIST.bare)
SKIPPED_NUMBERS = ColumnKind(Field.NOTHING, r"(?:[+-]?[0-9]{1,19}(?:[./][+-]?[0-9]{1,19}){0,7}|-)")
"""Numbers that are no fields of an event: sizes, ports, timers such as HAProxy's 10/0/30/69/109."""
SKIPPED_ADDRESS = ColumnKind(Field.NOTHING, rf"(?:{_ADDRESS}|-)?")
ALB_TYPE = ColumnKind(Field.NOTHING, r"(?:https?|h2|grpcs|wss?)")
ANY_TIME = ColumnKind(Field.TIME, read=any_time)
"""A time in any form that `any_time` reads."""
CAPTURES = ColumnKind(Field.PROPERTY, r"[^}]{0,4096}", spaced=True)
CAPTURED_RESPONSE = ColumnKind(Field.NOTHING, r"(?: \{[^}]{0,4096}\})?")
QUESTION_MARK = ColumnKind(Field.NOTHING, r"\??")


_STRFTIME = {
    **dict.fromkeys("deHIklMmSy", r"[ 0-9][0-9]"),
    "Y": r"[0-9]{4}",
    "j": r"[0-9]{3}",
    "f": r"[0-9]{1,6}",
    "T": r"[0-9:]{8}",
    "R": r"[0-9:]{5}",
    "p": r"[AP]M",
    "b": r"[A-Za-z]{3}",
    "h": r"[A-Za-z]{3}",
    "a": r"[A-Za-z]{3}",
    "z": r"(?:[+-][0-9:]{4,6}|Z)",
    "F": r"[0-9-]{10}",
    "D": r"[0-9/]{8}",
    "%": "%",
}
"""Patterns of the texts that `strftime` writes for its directives."""


def time_by(pattern: str) -> ColumnKind:
    """The kind of a time that is written with this `strftime` pattern."""
    written = re.sub(
        r"%(.)|([^%]+)",
        lambda found: re.escape(found[2]) if found[2] else _STRFTIME.get(found[1], r"[^\s\"\[\]]+"),
        pattern,
    )
    return ColumnKind(Field.TIME, written, read=by_pattern(pattern))
