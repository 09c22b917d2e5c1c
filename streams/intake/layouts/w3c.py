"""The W3C extended log format, which says its own columns in a `#Fields` line: IIS, CloudFront, and others.

Times are UTC, as the format's draft (WD-logfile-960323) demands. IIS writes a space in a value as `+`, CloudFront as
`%20`.
"""

from __future__ import annotations

from urllib.parse import unquote

from streams.intake.layouts import kinds
from streams.intake.layouts.kinds import ColumnKind, Field
from streams.intake.layouts.text import LineValues

FIELDS: dict[str, ColumnKind] = {
    "date": kinds.DATE,
    "time": kinds.CLOCK,
    "c-ip": kinds.CLIENT,
    "x-forwarded-for": kinds.FORWARDED,
    "cs(x-forwarded-for)": kinds.FORWARDED,
    "cs-x-forwarded-for": kinds.FORWARDED,
    "x-client-ip": kinds.FORWARDED,
    "originalip": kinds.FORWARDED,
    "true-client-ip": kinds.FORWARDED,
    "cs(cf-connecting-ip)": kinds.FORWARDED,
    "cs-username": kinds.ACCOUNT,
    "cs-method": kinds.METHOD,
    "cs-uri": kinds.URL,
    "cs-uri-stem": kinds.URL,
    "cs-uri-query": kinds.QUERY,
    "sc-status": kinds.STATUS,
    "sc-bytes": kinds.BYTES,
    "cs(referer)": kinds.REFERRER,
    "cs-referer": kinds.REFERRER,
    "cs(user-agent)": kinds.USER_AGENT,
    "cs-user-agent": kinds.USER_AGENT,
    "x-host-header": kinds.TEXT,
    "cs(host)": kinds.TEXT,
    "cs-host": kinds.TEXT,
}
"""Fields that an event has a field for, in lower case; others are passed over, since the file itself names them."""
REQUIRED = ("date", "time", "c-ip")


class W3cParser:
    """Reads the lines of one file; its columns are those that the newest `#Fields` line names."""

    absolute = False

    def __init__(self) -> None:
        """Knows no columns yet."""
        self._names: list[str] = []

    def directive(self, line: str) -> None:
        """Takes a line that begins with `#`.

        Raises:
            ValueError: it names columns, and one that an event needs is not among them.

        """
        if not line.startswith("#Fields:"):
            return
        self._names = line.removeprefix("#Fields:").split()
        known = {name.lower() for name in self._names}
        missing = [name for name in REQUIRED if name not in known]
        if missing:
            self._names = []
            raise ValueError(f"The #Fields line has no {missing[0]}: add the field to the server's log settings.")

    def parse(self, line: str) -> LineValues:
        """Takes a line apart.

        Raises:
            ValueError: there was no `#Fields` line before, or the line has other columns than it says.

        """
        if not self._names:
            raise ValueError("No #Fields line comes before this line, so its columns have no names.")
        parts = line.split("\t") if "\t" in line else line.split()
        if len(parts) != len(self._names):
            raise ValueError(
                f"The line has {len(parts)} columns, the #Fields line {len(self._names)}: it may be cut off."
            )
        values: dict[Field, object] = {}
        properties: dict[str, str] = {}
        for name, text in zip(self._names, parts, strict=True):
            kind = FIELDS.get(name.lower())
            if kind is None or text in {"-", ""}:
                continue
            if kind.field is Field.PROPERTY:
                properties.setdefault("host", text)
            elif kind.field not in values:
                values[kind.field] = _undone(kind.field, text)
        return LineValues(values, properties)


def _undone(field: Field, text: str) -> str:
    if field not in {Field.USER_AGENT, Field.REFERRER, Field.ACCOUNT, Field.FORWARDED}:
        return text
    if "%20" in text and field is not Field.REFERRER:
        return unquote(text)
    return text.replace("+", " ") if field in {Field.USER_AGENT, Field.FORWARDED} and " " not in text else text
