"""Chooses a file's format by its first lines, and refuses a file that may be read wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from streams.decode import Accepted, decode
from streams.intake.formats.registry import ACCESS_LOG, EXPORTS, FORMATS, LAYOUTS, W3C, Format, LineOrder
from streams.intake.layouts.ambiguity import (
    refuse_ambiguous,
    refuse_hidden_agent,
    refuse_unknown_proxy,
    server_addresses,
)
from streams.intake.layouts.candidates import LogCounts, Parser, log_candidates
from streams.intake.layouts.clients import Trusted
from streams.intake.layouts.fitting import fit_of, refusal
from streams.intake.layouts.layout import JsonLayout, Layout
from streams.intake.layouts.templates import layout_of
from streams.intake.layouts.text import TextParser
from streams.intake.layouts.w3c import W3cParser
from streams.intake.line import ParsedLine, RawLine, Unreadable, not_blank
from weir.errors import UsageError

HEAD_LINES = 100
"""Number of lines at the beginning of a file by which its format is chosen."""
MIN_FITTING_SHARE = 0.5
"""Least share of these lines that must fit the format."""
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class FormatRequest:
    """The format that the caller requests."""

    name: str | None = None
    """Name of a format."""
    template: str | None = None
    """A server's own `log_format` or `LogFormat` string."""

    def check(self) -> None:
        """Checks the request.

        Raises:
            UsageError: There is no such format, or the template has too few fields.

        """
        if self.name is not None and self.name not in FORMATS:
            raise UsageError(f"There is no format {self.name}.", f"Choose one of {', '.join(FORMATS)}.")
        if self.template is None:
            return
        if self.name not in {None, ACCESS_LOG}:
            raise UsageError(f"Both --format {self.name} and --log-format are given.", "Give one of them.")
        layout_of(self.template)


Reader = Callable[[Iterable[RawLine], LogCounts], Iterator[ParsedLine | Unreadable]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The format of one file."""

    name: str
    order: LineOrder
    read: Reader
    """Parses lines, and counts facts for the report."""
    counts: LogCounts = field(default_factory=LogCounts)
    fitting: int = 0
    """Number of the first lines that fit this format."""
    looked_at: int = 0


def choose(source: str, head: Sequence[RawLine], asked: FormatRequest, trusted: Trusted) -> Chosen | None:
    """Chooses the format of the file that begins with these lines; None without a line.

    Raises:
        UsageError: The request can't be met.
        WorkError: No format fits, or two formats fit and read the lines differently.
    """
    asked.check()
    lines = list(not_blank(head))[:HEAD_LINES]
    if not lines:
        return None
    texts = [raw.decode(errors="replace") for _, raw in lines]
    if asked.template is not None:
        return _choose_log(source, lines, texts, (layout_of(asked.template),), trusted)
    if asked.name is None:
        return _choose_export(lines, EXPORTS) or _choose_any_log(source, lines, texts, trusted)
    wanted = FORMATS[asked.name]
    if wanted.candidates is not None:
        return _choose_export_format(wanted, lines)
    if wanted.layout is not None:
        return _choose_log(source, lines, texts, (wanted.layout,), trusted)
    return _choose_w3c(lines, trusted) if wanted.name == W3C else _choose_any_log(source, lines, texts, trusted)


def _choose_any_log(source: str, lines: Sequence[RawLine], texts: Sequence[str], trusted: Trusted) -> Chosen:
    if any(text.startswith("#Fields:") for text in texts):
        return _choose_w3c(lines, trusted)
    return _choose_log(source, lines, texts, LAYOUTS, trusted)


def _choose_export(lines: Sequence[RawLine], formats: Iterable[Format]) -> Chosen | None:
    found = [chosen for one in formats if (chosen := _choose_export_format(one, lines)).fitting]
    return max(found, key=lambda chosen: chosen.fitting, default=None)


def _choose_export_format(wanted: Format, lines: Sequence[RawLine]) -> Chosen:
    assert wanted.candidates is not None  # noqa: S101 -- for mypy: callers pass only formats with candidates
    try:
        fitting = sum(isinstance(one, ParsedLine) and _is_event(one) for one in wanted.candidates(lines))
    except UsageError:
        fitting = 0  # the lines lack the format's header
    candidates = wanted.candidates

    def read(all_lines: Iterable[RawLine], _: LogCounts) -> Iterator[ParsedLine | Unreadable]:
        return candidates(all_lines)

    return Chosen(wanted.name, wanted.order, read, LogCounts(), min(fitting, len(lines)), len(lines))


def _is_event(candidate: ParsedLine) -> bool:
    return isinstance(decode(candidate.value, _MAX_BYTES), Accepted)


def _choose_w3c(lines: Sequence[RawLine], trusted: Trusted) -> Chosen:
    fitting = sum(isinstance(one, ParsedLine) for one in log_candidates(lines, W3cParser(), trusted, LogCounts()))
    not_directives = sum(not raw.startswith(b"#") for _, raw in lines)

    def read(all_lines: Iterable[RawLine], counts: LogCounts) -> Iterator[ParsedLine | Unreadable]:
        return log_candidates(all_lines, W3cParser(), trusted, counts)

    return Chosen(W3C, LineOrder.NEARLY_BY_TIME, read, LogCounts(), fitting, not_directives)


def _choose_log(
    source: str,
    lines: Sequence[RawLine],
    texts: Sequence[str],
    layouts: Sequence[Layout | JsonLayout],
    trusted: Trusted,
) -> Chosen:
    fits = [fit_of(layout, texts) for layout in layouts]
    best = max(fits, key=lambda fit: (len(fit.rows), -fit.extras))
    if not best.rows or len(best.rows) < MIN_FITTING_SHARE * len(texts):
        raise refusal(source, lines, texts, fits)
    refuse_hidden_agent(source, lines, best)
    own_addresses = server_addresses(source, lines, best, trusted)
    if not trusted.is_configured:
        refuse_unknown_proxy(source, lines, best, trusted)
    equal = [fit for fit in fits if len(fit.rows) == len(best.rows) and fit.extras == best.extras]
    for one, other in combinations(equal, 2):
        refuse_ambiguous(source, lines, one, other, trusted)
    layout = best.parser.layout
    parser: Parser = TextParser(layout) if isinstance(layout, Layout) else best.parser

    def read(all_lines: Iterable[RawLine], counts: LogCounts) -> Iterator[ParsedLine | Unreadable]:
        return log_candidates(all_lines, parser, trusted, counts, own_addresses)

    return Chosen(layout.name, LineOrder.NEARLY_BY_TIME, read, LogCounts(), len(best.rows), len(texts))
