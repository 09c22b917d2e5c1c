"""What a column of a log can hold, and how it is read. Layouts name these; nothing else knows a column's pattern."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from streams.intake.layouts.times import any_time, by_pattern, clf_time, epoch, iso_time


class Field(StrEnum):
    """Where a column's value goes; `reading.py` makes the event of them. The value is the field's name in messages."""

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
    """What a column holds.

    Args:
        field: Where the value goes.
        bare: Pattern of the value where it stands between spaces; `None` where any text without spaces may stand.
        strict: Pattern of what it holds in an ordinary line, by which layouts are distinguished; `bare` unless given.
            What clients choose the text of may be odder than that, and no line is lost for it.
        spaced: Whether the value can hold spaces, so that it needs quotes or brackets to have an end.
        read: Makes the field's value of the text; raises ValueError, with a clause that says why.

    """

    field: Field
    bare: str | None = None
    strict: str | None = None
    spaced: bool = False
    read: Callable[[str], object] | None = None
    absolute: bool = False
    """The URL is always written with scheme and host, which are the site's own."""


IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
# Enough to tell an IPv6 address from a name, a time and a port; whether it is one is the address's reader's business.
IPV6 = r"(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?:\.[0-9.]{1,15})?(?:%[0-9A-Za-z_.-]{1,32})?"
NAME = r"(?![0-9.]++(?![A-Za-z0-9_-]))[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?\.?"
_ADDRESS = rf"(?:{IPV4}|\[{IPV6}\]|{IPV6})"
_ADDRESS_AND_PORT = rf"(?:{IPV4}:[0-9]{{1,5}}|\[{IPV6}\]:[0-9]{{1,5}}|{_ADDRESS})"
_ONE_FORWARDED = rf"(?:{_ADDRESS_AND_PORT}|unknown|-|_[\w.-]{{1,64}})"
_LIST = rf"{_ONE_FORWARDED}(?:, ?{_ONE_FORWARDED}){{0,63}}"

CLIENT = ColumnKind(Field.CLIENT, rf"(?:{_ADDRESS}|{NAME}|unix:\S{{0,255}})", rf"(?:{_ADDRESS}|{NAME})")
CLIENT_ADDRESS = ColumnKind(Field.CLIENT, CLIENT.bare, _ADDRESS)
"""Behind a site's name, which another name could be taken for."""
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
# An account may hold blanks, and servers don't quote it. What looks like other columns (an address, a pair, a cache's
# word, a dash beside it) is none. In a line it is whatever a client sent by Basic authentication, but for a bare quote.
NO_ACCOUNT = rf"(?:{_LIST}|HIT|MISS|BYPASS|EXPIRED|STALE|UPDATING|REVALIDATED|[A-Za-z_]{{1,32}}=[0-9.-]{{1,19}})"
"""What servers write in the account's place, and is none."""
_USUAL_ACCOUNT = (
    rf"(?:-|(?!- |{NO_ACCOUNT}(?![\w.@-]))"
    r"(?:(?! - | [A-Za-z_]{1,32}=)[^\[\]\"]){1,512}?(?<! -))"
)
_ANY_ACCOUNT = r'(?:""|(?:[^"\\]|\\.){1,1024}?)'
ACCOUNT = ColumnKind(Field.ACCOUNT, _ANY_ACCOUNT, _USUAL_ACCOUNT, spaced=True)
HOSTS_ACCOUNT = ColumnKind(Field.ACCOUNT, rf"(?!(?:(?!\s\[).){{0,1024}} - ){_ANY_ACCOUNT}", _USUAL_ACCOUNT, spaced=True)
"""Behind a site's name, which clients write, too: the two together must not look like other columns."""
LISTS_ACCOUNT = ColumnKind(
    Field.ACCOUNT, rf"(?!(?:(?!\s\[).){{0,1024}}(?:, | - )){_ANY_ACCOUNT}", _USUAL_ACCOUNT, spaced=True
)
"""Behind a list of addresses, which clients begin."""
HOST = ColumnKind(
    Field.PROPERTY,
    rf"(?:{IPV4}|\[{IPV6}\]|{NAME}|\*|-)(?::[0-9]{{1,5}})?",
    rf"(?:(?:{NAME}|\*)(?::[0-9]{{1,5}})?|{IPV4}:[0-9]{{1,5}})",
)
NAMED_HOST = ColumnKind(Field.PROPERTY, rf"(?:{NAME})(?::[0-9]{{1,5}})?")
"""A name alone: an address in quotes at a line's end is as likely a forwarded one."""
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
"""Carried in the event's properties under the column's name."""
LIST = ColumnKind(Field.PROPERTY, r'[^\s",]++(?:(?:,| :) [^\s",]++)*+')
"""Values of each upstream that was tried, joined by `, ` or ` : `, as nginx has them."""
SKIPPED = ColumnKind(Field.NOTHING)
SKIPPED_LIST = ColumnKind(Field.NOTHING, LIST.bare)
SKIPPED_NUMBERS = ColumnKind(Field.NOTHING, r"(?:[+-]?[0-9]{1,19}(?:[./][+-]?[0-9]{1,19}){0,7}|-)")
"""Numbers whose meaning no event has: sizes, ports, timers such as HAProxy's 10/0/30/69/109."""
SKIPPED_ADDRESS = ColumnKind(Field.NOTHING, rf"(?:{_ADDRESS}|-)?")
ALB_TYPE = ColumnKind(Field.NOTHING, r"(?:https?|h2|grpcs|wss?)")
ANY_TIME = ColumnKind(Field.TIME, read=any_time)
"""In any form that a server can be configured to write."""
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
"""What `strftime` writes for its directives."""


def time_by(pattern: str) -> ColumnKind:
    """A time in a `strftime` pattern of the operator's own."""
    written = re.sub(
        r"%(.)|([^%]+)",
        lambda found: re.escape(found[2]) if found[2] else _STRFTIME.get(found[1], r"[^\s\"\[\]]+"),
        pattern,
    )
    return ColumnKind(Field.TIME, written, read=by_pattern(pattern))
