"""`weir rules explain`: shows the rules that fire, with the matched characters and the decoding before the match."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer

from rules.heuristics.evidence import Sign, grouped_evidence, verdict_of
from rules.heuristics.explain import Firing, InspectedText, every_field, explain, texts_of
from rules.heuristics.judging import collect_evidence
from rules.heuristics.patterns import PatternInfo, Patterns
from streams.decode import Accepted, Refused, decode
from streams.intake.line import Line
from streams.intake.source import STANDARD_INPUT, read_lines
from streams.replay.sessions import Sessions
from streams.stages import Resources
from weir.cli.options import Json, with_settings
from weir.cli.output import Row, console, print_json, show
from weir.cli.rules_files import cut, patterns_of
from weir.contracts import Session
from weir.errors import UsageError
from weir.settings import Settings

COLUMNS = ("rule", "field", "weight", "shadow", "characters", "matched", "decoding", "reason")


@with_settings
def explain_text(
    settings: Settings,
    *,
    text: Annotated[
        str, typer.Argument(metavar="TEXT|EVENT", help="A text, or an event as JSON; - reads it from standard input.")
    ],
    as_json: Json = False,
) -> None:
    """Show the rules that fire on a text or an event, with the matched characters and the decoding before the match.

    A text is matched as each field. An event is judged as a session of this one event.
    """
    if text == STANDARD_INPUT:
        text = b"\n".join(line for _, line in read_lines(text)).decode("utf-8", "surrogateescape")
    if not text.strip():
        raise UsageError("The text is empty.", "Give a text, or an event as a JSON object.")
    patterns = patterns_of(settings)
    if text.lstrip().startswith("{"):
        _of_event(settings, patterns, text, as_json=as_json)
    else:
        _of_text(patterns, text, as_json=as_json)


def _of_text(patterns: Patterns, text: str, *, as_json: bool) -> None:
    firings = _show(patterns, every_field(text), (), as_json=as_json)
    for field in dict.fromkeys(firing.field for firing in firings):
        signs = [firing.sign for firing in firings if firing.field == field and not firing.shadow]
        value = grouped_evidence(signs)
        _conclude(value, as_json=as_json, field=field)


def _of_event(settings: Settings, patterns: Patterns, text: str, *, as_json: bool) -> None:
    value = text.encode("utf-8", "surrogateescape")
    decoded = decode(value, settings.max_record_bytes)
    if isinstance(decoded, Refused):
        raise UsageError(f"The JSON is not an event: {decoded.detail}", "Give a text, or one event as a JSON object.")
    evidence = collect_evidence(_session_of(settings, patterns, decoded, value), patterns)
    others = [sign for sign in (*evidence.signs, *evidence.shadow) if patterns.find(sign.id) is None]
    shadowed = {sign.id for sign in evidence.shadow}
    rows = [_of_oversized(patterns.info(name)) for field in decoded.cut for name in patterns.oversized(field)]
    rows += [_of_sign(sign, in_shadow=sign.id in shadowed) for sign in others]
    if _show(patterns, texts_of(decoded.event), rows, as_json=as_json) or rows:
        _conclude(evidence.evidence, as_json=as_json)


def _session_of(settings: Settings, patterns: Patterns, decoded: Accepted, value: bytes) -> Session:
    """The session that a worker makes of one event."""
    closed: list[Session] = []
    sessions = Sessions(Resources.from_settings(settings), patterns, closed.append)
    sessions.read(Line("event", 1, decoded.event.visitor_id.encode(), value, decoded.ts))
    sessions.finish()
    return closed[0]


def _show(patterns: Patterns, texts: Iterable[InspectedText], more: Iterable[Row], *, as_json: bool) -> list[Firing]:
    firings = list(explain(patterns, texts))
    if as_json:
        show([*map(_of_firing, firings), *more], COLUMNS, as_json=True)
        return firings
    rows = [
        row | {"matched": cut(firing.matched), "decoding": ", ".join(firing.steps) or "none"}
        for row, firing in zip(map(_of_firing, firings), firings, strict=True)
    ]
    show([*rows, *more], COLUMNS, empty="No rule fires.")
    return firings


def _of_firing(firing: Firing) -> dict[str, object]:
    row = asdict(firing)
    row["rule"] = row.pop("pattern")
    return row | {"matched": firing.matched, "characters": f"{firing.start}-{firing.end}"}


def _of_oversized(info: PatternInfo) -> dict[str, object]:
    return {
        "rule": info.id,
        "version": info.version,
        "field": info.field,
        "weight": info.weight,
        "group": info.group,
        "shadow": info.shadow,
        "reason": info.reason,
    }


def _of_sign(sign: Sign, *, in_shadow: bool) -> dict[str, object]:
    return {
        "rule": sign.id,
        "version": sign.version,
        "field": "session",
        "weight": sign.weight,
        "group": sign.group,
        "shadow": in_shadow,
        "reason": sign.reason,
    }


def _conclude(value: float, *, as_json: bool, field: str | None = None) -> None:
    verdict = verdict_of(value)
    if as_json:
        where = {} if field is None else {"field": field}
        print_json(where | {"evidence": value, "verdict": verdict})
    else:
        prefix = "" if field is None else f"As {field}: "
        console().print(f"{prefix}evidence {value:.2f}, {verdict}.".capitalize())
