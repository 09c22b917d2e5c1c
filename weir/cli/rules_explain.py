"""`weir rules explain`: which rules fire, on which characters, after which decoding."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from rules.heuristics.evidence import evidence, verdict_of
from rules.heuristics.explain import every_field, explain, fields_of
from streams.intake.decode import Refused, decode
from weir.cli.options import Json, with_settings
from weir.cli.output import console, show
from weir.cli.rules_files import SHOWN, patterns_of
from weir.errors import UsageError
from weir.settings import Settings


@with_settings
def explain_text(
    settings: Settings,
    *,
    text: Annotated[str, typer.Argument(metavar="TEXT|EVENT", help="A text, or an event as JSON.")],
    as_json: Json = False,
) -> None:
    """Say which patterns fire on a text or an event, on which characters, after which decoding."""
    patterns = patterns_of(settings)
    texts = every_field(text)
    if text.lstrip().startswith("{"):
        decoded = decode(text.encode(), settings.max_record_bytes)
        if isinstance(decoded, Refused):
            raise UsageError(f"That is no event: {decoded.detail}", "Give a text, or one event as a JSON object.")
        texts = fields_of(decoded.event)
    firings = list(explain(patterns, texts))
    rows = [{**asdict(firing), "matched": firing.matched[:SHOWN]} for firing in firings]
    show(rows, ("pattern", "field", "weight", "matched", "reason"), as_json=as_json, empty="No pattern fires.")
    if firings and not as_json:
        total = evidence({firing.pattern: firing.weight for firing in firings}.values())
        console().print(f"Evidence {total:.2f}: {verdict_of(total)}.")
