"""Chooses a file's format by its first lines, or refuses: nothing is read that may be read wrongly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from streams.decode import Accepted, decode
from streams.intake.formats.registry import ACCESS_LOG, EXPORTS, FORMATS, LAYOUTS, W3C, Format, Order
from streams.intake.layouts.candidates import (
    LogCounts,
    Parser,
    column_name,
    disbelieved,
    hidden_clients,
    log_candidates,
)
from streams.intake.layouts.clients import Trusted, forwarded_addresses
from streams.intake.layouts.json_lines import JsonParser
from streams.intake.layouts.kinds import Field
from streams.intake.layouts.layout import JsonLayout, Layout
from streams.intake.layouts.reading import event_of
from streams.intake.layouts.templates import layout_of
from streams.intake.layouts.text import Row, TextParser
from streams.intake.layouts.w3c import W3cParser
from streams.intake.line import Candidate, RawLine, Unreadable, not_blank
from weir.errors import UsageError, WorkError

LOOKED_AT = 100
"""First lines that decide."""
ENOUGH = 0.5
"""Share of them that must fit."""
_AGENT = re.compile(r"(?!HTTP/|TLS|text/|image/)[A-Za-z][\w.!-]{1,40}/v?[0-9]")
"""What user agents begin with, and hardly anything else does: a product and its version (RFC 9110)."""
_TELLING = ("ip", "account_id", "ts", "method", "url", "status", "referrer", "user_agent")
_MAX_BYTES = 1_000_000
_LONGEST = 65_536
"""Characters of a line that is looked at: all layouts are tried on it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller said of the files."""

    name: str | None = None
    """Of a format."""
    template: str | None = None
    """A server's own `log_format` or `LogFormat` string."""

    def check(self) -> None:
        """Passes if it can be had.

        Raises:
            UsageError: there is no such format, or the template names too little.

        """
        if self.name is not None and self.name not in FORMATS:
            raise UsageError(f"There is no format {self.name}.", f"Choose one of {', '.join(FORMATS)}.")
        if self.template is None:
            return
        if self.name not in {None, ACCESS_LOG}:
            raise UsageError("--format and --log-format exclude each other.", "Give the one that you know.")
        layout_of(self.template)


Reader = Callable[[Iterable[RawLine], LogCounts], Iterator[Candidate | Unreadable]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The format of one file."""

    name: str
    order: Order
    read: Reader
    """Makes candidates of lines, and counts what is to be said of them."""
    counts: LogCounts = field(default_factory=LogCounts)
    fitting: int = 0
    """Of the lines looked at, so many are of this format."""
    looked_at: int = 0


def choose(source: str, head: Sequence[RawLine], asked: Asked, trusted: Trusted) -> Chosen | None:
    """The format of the file that begins with these lines; None if there is no line.

    Raises:
        UsageError: what was asked for can't be had.
        WorkError: no format fits, or two read the lines differently; it says which, and why.
    """
    asked.check()
    lines = list(not_blank(head))[:LOOKED_AT]
    if not lines:
        return None
    texts = [raw.decode(errors="replace") for _, raw in lines]
    if asked.template is not None:
        return _log(source, lines, texts, (layout_of(asked.template),), trusted)
    if asked.name is None:
        return _export(lines, EXPORTS) or _any_log(source, lines, texts, trusted)
    wanted = FORMATS[asked.name]
    if wanted.candidates is not None:
        return _taken(wanted, lines)
    if wanted.layout is not None:
        return _log(source, lines, texts, (wanted.layout,), trusted)
    return _w3c(lines, trusted) if wanted.name == W3C else _any_log(source, lines, texts, trusted)


def _any_log(source: str, lines: Sequence[RawLine], texts: Sequence[str], trusted: Trusted) -> Chosen:
    if any(text.startswith("#Fields:") for text in texts):
        return _w3c(lines, trusted)
    return _log(source, lines, texts, LAYOUTS, trusted)


def _export(lines: Sequence[RawLine], formats: Iterable[Format]) -> Chosen | None:
    found = [chosen for one in formats if (chosen := _taken(one, lines)).fitting]
    return max(found, key=lambda chosen: chosen.fitting, default=None)


def _taken(wanted: Format, lines: Sequence[RawLine]) -> Chosen:
    assert wanted.candidates is not None  # noqa: S101 -- for mypy: callers ask for these alone
    try:
        fitting = sum(isinstance(one, Candidate) and _is_event(one) for one in wanted.candidates(lines))
    except UsageError:
        fitting = 0  # the format's header is not there
    candidates = wanted.candidates

    def read(all_lines: Iterable[RawLine], _: LogCounts) -> Iterator[Candidate | Unreadable]:
        return candidates(all_lines)

    return Chosen(wanted.name, wanted.order, read, LogCounts(), min(fitting, len(lines)), len(lines))


def _is_event(candidate: Candidate) -> bool:
    return isinstance(decode(candidate.value, _MAX_BYTES), Accepted)


def _w3c(lines: Sequence[RawLine], trusted: Trusted) -> Chosen:
    fitting = sum(isinstance(one, Candidate) for one in log_candidates(lines, W3cParser(), trusted, LogCounts()))
    of = sum(not raw.startswith(b"#") for _, raw in lines)

    def read(all_lines: Iterable[RawLine], counts: LogCounts) -> Iterator[Candidate | Unreadable]:
        return log_candidates(all_lines, W3cParser(), trusted, counts)

    return Chosen(W3C, Order.NEARLY_BY_TIME, read, LogCounts(), fitting, of)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a layout fits the first lines."""

    parser: TextParser | JsonParser
    rows: dict[int, Row]
    """By position of the line among those looked at."""

    @property
    def extras(self) -> int:
        return sum(len(row.extras) for row in self.rows.values())


def _log(
    source: str,
    lines: Sequence[RawLine],
    texts: Sequence[str],
    layouts: Sequence[Layout | JsonLayout],
    trusted: Trusted,
) -> Chosen:
    fits = [_fit(layout, texts) for layout in layouts]
    best = max(fits, key=lambda fit: (len(fit.rows), -fit.extras))
    if not best.rows or len(best.rows) < ENOUGH * len(texts):
        raise _refusal(source, lines, texts, fits)
    _refuse_hidden_agent(source, lines, best)
    own = _servers_own(source, lines, best, trusted)
    if not trusted.is_said:
        _refuse_unknown_proxy(source, lines, best, trusted)
    equal = [fit for fit in fits if len(fit.rows) == len(best.rows) and fit.extras == best.extras]
    for one, other in combinations(equal, 2):
        _refuse_ambiguous(source, lines, one, other, trusted)
    layout = best.parser.layout
    parser: Parser = TextParser(layout) if isinstance(layout, Layout) else best.parser

    def read(all_lines: Iterable[RawLine], counts: LogCounts) -> Iterator[Candidate | Unreadable]:
        return log_candidates(all_lines, parser, trusted, counts, own)

    return Chosen(layout.name, Order.NEARLY_BY_TIME, read, LogCounts(), len(best.rows), len(texts))


def _fit(layout: Layout | JsonLayout, texts: Sequence[str]) -> _Fit:
    parser = TextParser(layout, strict=True) if isinstance(layout, Layout) else JsonParser(layout)
    rows = _rows(parser, texts)
    if isinstance(layout, Layout) and any(column.kind.field is Field.FORWARDED for column in layout.columns):
        # Clients send forwarded addresses of any form: most of them must look like addresses, not all.
        all_rows = _rows(TextParser(layout, strict=True, any_list=True), texts)
        if 2 * len(rows) >= len(all_rows) > len(rows):
            rows = all_rows
    return _Fit(parser, rows)


def _rows(parser: TextParser | JsonParser, texts: Sequence[str]) -> dict[int, Row]:
    rows = {}
    for at, text in enumerate(texts):
        if len(text) > _LONGEST:
            continue
        try:
            rows[at] = parser.parse(text)
        except ValueError:
            continue
    return rows


def _why_not(parser: TextParser | JsonParser, text: str) -> str:
    """Why a line is not of a layout."""
    if len(text) > _LONGEST:
        return f"The line has more than {_LONGEST:,} characters."
    try:
        parser.parse(text)
    except ValueError as error:
        return str(error) if str(error).endswith(".") else f"{error}."
    return ""


def _refusal(source: str, lines: Sequence[RawLine], texts: Sequence[str], fits: Sequence[_Fit]) -> WorkError:
    """Names the two layouts that come nearest, and where each of them ends."""
    at = next((at for at in range(len(texts)) if not any(at in fit.rows for fit in fits)), 0)
    nearest = sorted(fits, key=lambda fit: (len(fit.rows), fit.parser.depth(texts[at][:_LONGEST])), reverse=True)[:2]
    why = " ".join(
        f"{fit.parser.layout.name}: {_why_not(fit.parser, texts[at])}" for fit in nearest if at not in fit.rows
    )
    fitting = max(len(fit.rows) for fit in fits)
    what = "a layout that Weir knows" if len(fits) > 1 else "the layout that was named"
    how = f"Only {fitting} of the first {len(texts)} lines fit" if fitting else "No line fits"
    return WorkError(
        f"{source} can't be read. {how} {what}. Line {lines[at][0]}: {why}",
        "Give the server's own format with --log-format, or name a layout with --format.",
    )


def _refuse_hidden_agent(source: str, lines: Sequence[RawLine], fit: _Fit) -> None:
    """Refuses a file in which another column than the layout's looks like the user agent.

    Raises:
        WorkError: it does, in most of the lines that have columns behind the last one.
    """
    hidden: dict[int, str] = {}
    for at, row in fit.rows.items():
        agent, referrer = (str(row.values.get(field, "")) for field in (Field.USER_AGENT, Field.REFERRER))
        address = next((text for text in (referrer, agent) if forwarded_addresses(text)), None)
        if address is not None:
            hidden[at] = f"'{address[:60]}' stands where {fit.parser.layout.name} has a referrer or a user agent"
        elif _AGENT.match(agent) is None:
            others = [("the referrer", referrer), *((column_name(name).lower(), text) for name, text in row.extras)]
            found = next(((where, text) for where, text in others if _AGENT.match(text)), None)
            if found is not None:
                hidden[at] = f"{found[0]} is '{found[1][:60]}', which looks like the user agent"
    if 2 * len(hidden) <= len(fit.rows):
        return
    at, why = next(iter(hidden.items()))
    raise WorkError(
        f"{source} can't be read as {fit.parser.layout.name}: in line {lines[at][0]}, {why}.",
        "Give the server's own format with --log-format.",
    )


def _servers_own(source: str, lines: Sequence[RawLine], fit: _Fit, trusted: Trusted) -> frozenset[str]:
    """Public addresses in columns without a name that are the servers' own: few, for many clients.

    Raises:
        WorkError: in most of the lines such a column holds other addresses than the client's, and they are so many that
            they look like the clients'.
    """
    own: set[str] = set()
    clients = {_event(fit, at, trusted).get("ip") for at in fit.rows}
    columns: dict[str, dict[int, tuple[str, str]]] = {}
    for at, row in fit.rows.items():
        ip = str(_event(fit, at, trusted).get("ip"))
        for name, text in hidden_clients(row, ip, trusted):
            columns.setdefault(name, {})[at] = (ip, text)
    for name, others in columns.items():
        texts = {text for _, text in others.values()}
        is_alone = len(fit.rows) == 1 and all(trusted.has(ip) for ip, _ in others.values())
        are_clients = is_alone or (len(texts) > 1 and 2 * len(texts) >= len(clients))
        if 2 * len(others) <= len(fit.rows):
            continue
        if are_clients:
            at, (ip, text) = next(iter(others.items()))
            layout = fit.parser.layout.name
            raise WorkError(
                f"{source} can't be read as {layout}: in line {lines[at][0]}, {column_name(name).lower()} is "
                f"'{text[:60]}', which looks like the client's address, and {layout} would take {ip}.",
                "Give the server's own format with --log-format, such as $http_x_forwarded_for for that column.",
            )
        own |= texts
    return frozenset(own)


def _refuse_unknown_proxy(source: str, lines: Sequence[RawLine], fit: _Fit, trusted: Trusted) -> None:
    """Refuses a file whose connections mostly come from elsewhere than the addresses that they are forwarded for.

    Either a proxy of the site's own has a public address, or clients send made-up headers: only the operator knows.

    Raises:
        WorkError: most of the lines are so.
    """
    unknown = {}
    for at, row in fit.rows.items():
        ip = str(_event(fit, at, trusted).get("ip"))
        forwarded_for = disbelieved(row, ip)
        if forwarded_for is not None:
            unknown[at] = (ip, forwarded_for)
    if 2 * len(unknown) <= len(fit.rows):
        return
    at, (ip, forwarded) = next(iter(unknown.items()))
    raise WorkError(
        f"{source}: {len(unknown)} of the first {len(fit.rows)} lines come from one address for another, such as line "
        f"{lines[at][0]} from {ip} for {forwarded}. Weir can't know whether {ip} is a proxy of yours.",
        f"If it is, name it and its like: --set trusted_proxies={ip}. If not: --set trusted_proxies=private.",
    )


def _refuse_ambiguous(source: str, lines: Sequence[RawLine], one: _Fit, other: _Fit, trusted: Trusted) -> None:
    """Refuses a file that two layouts fit equally well and read differently.

    Raises:
        WorkError: they do.
    """
    for at in one.rows.keys() & other.rows.keys():
        first, second = (_event(fit, at, trusted) for fit in (one, other))
        for name in _TELLING:
            if first.get(name) != second.get(name) and name in first and name in second:
                names = [fit.parser.layout.name for fit in (one, other)]
                raise WorkError(
                    f"{source} can be read in two ways: in line {lines[at][0]} the {name} is '{first[name]}' as "
                    f"{names[0]} and '{second[name]}' as {names[1]}.",
                    f"Name the right one with --format {names[0]} or --format {names[1]}.",
                )


def _event(fit: _Fit, at: int, trusted: Trusted) -> dict[str, object]:
    row = fit.rows[at]
    try:
        return event_of(row.values, dict(row.properties), trusted, absolute=fit.parser.absolute)
    except ValueError:
        return {}
