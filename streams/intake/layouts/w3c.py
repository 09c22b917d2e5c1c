"""The W3C extended log format of IIS, CloudFront and others, which names its columns in a `#Fields` line.

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
"""Column kind by field name, in lower case. Other fields are skipped: as the file names them, none can be a client or
user agent that Weir mistakes for an extra column."""
REQUIRED = ("date", "time", "c-ip")


class W3cParser:
    """Reads the lines of one file, with the columns of the latest `#Fields` line."""

    absolute = False

    def __init__(self) -> None:
        """Starts without columns, until a `#Fields` line is read."""
        self._names: list[str] = []

    def directive(self, line: str) -> None:
        """Reads a line that begins with `#`.

        Raises:
            ValueError: The line is a `#Fields` line without a required field.

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
        """Parses a line.

        Raises:
            ValueError: No `#Fields` line precedes the line, or the two have different numbers of columns.

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
                values[kind.field] = _unescaped(kind.field, text)
        return LineValues(values, properties)


def _unescaped(field: Field, text: str) -> str:
    if field not in {Field.USER_AGENT, Field.REFERRER, Field.ACCOUNT, Field.FORWARDED}:
        return text
    if "%20" in text and field is not Field.REFERRER:
        return unquote(text)
    return text.replace("+", " ") if field in {Field.USER_AGENT, Field.FORWARDED} and " " not in text else text
