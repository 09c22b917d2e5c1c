"""Real events, often enough: the data sets beside the project, read as `weir produce` reads them, over and over.

Their contents are real, their times are not: the sets are small, and one of them is re-dated. Each copy has visitors
and event ids of its own, and events follow each other evenly over the log's span.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec

from bench.events.generator import Record
from bench.events.spec import START_S, LogSpec
from bench.unavailable import UnavailableError
from streams.intake.files import read
from streams.intake.line import Line

DATA = Path(__file__).parents[3] / "shared" / "data"
SETS = (
    ("access-log", "elastic-apache-logs/apache_logs"),
    ("otto", "otto/train.jsonl"),
    ("snowplow", "snowplow-web/snowplow_web_events.csv"),
    ("snowplow", "snowplow-ecommerce/snowplow_ecommerce_events.csv"),
)


def real_events(spec: LogSpec) -> Iterator[Record]:
    """So many events as the log has, made of the real ones.

    Raises:
        UnavailableError: the data sets are not beside the project.
    """
    originals = list(_originals())
    step_s = spec.span_s / max(spec.events, 1)
    number = 0
    for copy in count():
        for original in originals:
            if number >= spec.events:
                return
            name = f"{copy:x}-{original['visitor_id']}"
            own = {"event_id": f"{copy:x}-{original['event_id']}", "visitor_id": name}
            ts = round(START_S + number * step_s, 3)
            yield name.encode(), msgspec.json.encode(original | own | {"ts": ts})
            number += 1


def _originals() -> Iterator[dict[str, object]]:
    if not DATA.is_dir():
        raise UnavailableError("the real data sets are not beside the project")
    for line_format, name in SETS:
        for line in read(line_format, str(DATA / name)):
            if isinstance(line, Line):
                yield msgspec.json.decode(line.value)
