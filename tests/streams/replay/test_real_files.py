"""Real files through replay, against what their rows say when they are read by other code."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streams.intake.files import read
from streams.replay.run import Replay
from streams.replay.summary import ReplaySummary
from streams.stages import Resources
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import SESSIONS, Topic

pytestmark = pytest.mark.data
STARTED_S = 1_790_000_000.0
GAP_S = 1_800.0
SessionRow = tuple[str, float, float, int, tuple[tuple[str, int], ...]]


def replayed(file: Path, line_format: str) -> tuple[ReplaySummary, list[dict[str, Any]]]:
    """The summary, and the final session records."""
    finals: list[dict[str, Any]] = []

    def sink(topic: Topic, record: LogRecord) -> None:
        if topic is SESSIONS:
            session = json.loads(record.value or b"")
            finals.extend([session] if session["final"] else [])

    settings = Settings(model_key="a key for tests")
    replay = Replay(Resources.from_settings(settings, now=lambda: STARTED_S), [], sink, STARTED_S)
    for line in read(line_format, str(file)):
        replay.read(line)
    return replay.finish(seconds=0.0), finals


def test_an_access_log_has_one_bad_line_and_names_its_crawlers(shared_data: Callable[[str], Path]) -> None:
    summary, _ = replayed(shared_data("elastic-apache-logs/apache_logs"), "access-log")
    assert (summary.lines, summary.unreadable, summary.dead_letters) == (10_000, 1, {"unreadable_line": 1})
    assert summary.balanced
    names = " ".join(crawler.pattern for crawler in summary.crawlers).lower()
    assert "googlebot" in names
    # It names no crawler: a browser's beginning and nothing behind it.
    assert "bare-mozilla" not in names
    assert sum(crawler.events for crawler in summary.crawlers) > 1_000


def test_the_shops_log_is_whole_and_nothing_in_it_is_late(shared_data: Callable[[str], Path]) -> None:
    summary, finals = replayed(shared_data("otto/train.jsonl"), "otto")
    assert (summary.lines, summary.unreadable, summary.events["folded"]) == (862, 0, 862)
    assert not summary.events.get("late")
    assert not summary.still_open
    counts: Counter[str] = sum((Counter(session["counts"]) for session in finals), Counter())
    assert counts == {"click": 800, "add_to_cart": 52, "purchase": 10}


def test_page_views_fold_into_the_sessions_that_the_rows_make(shared_data: Callable[[str], Path]) -> None:
    file = shared_data("snowplow-web/snowplow_web_events.csv")
    summary, finals = replayed(file, "snowplow")
    assert (summary.lines, summary.events["folded"], summary.events["duplicate"]) == (160, 156, 3)
    assert summary.dead_letters == {"no_visitor": 1}
    assert sorted(_row(session) for session in finals) == sorted(_explained(file))


def _row(session: dict[str, Any]) -> SessionRow:
    counts = tuple(sorted(session["counts"].items()))
    return session["visitor_id"], session["start"], session["end"], session["events"], counts


def _explained(file: Path) -> Iterable[SessionRow]:
    """A visitor's rows in the order of time, each event id once for its content, cut where the gap is exceeded."""
    by_visitor: dict[str, dict[tuple[str, ...], tuple[float, str]]] = defaultdict(dict)
    with file.open(newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: _epoch_s(row["derived_tstamp"]))
    for row in rows:
        kind = {"page_ping": "ping", "link_click": "click"}.get(row["event_name"], row["event_name"])
        if row["domain_userid"]:
            content = (row["event_id"], kind, row["page_url"])
            by_visitor[row["domain_userid"]].setdefault(content, (_epoch_s(row["derived_tstamp"]), kind))
    for visitor, found in by_visitor.items():
        events = list(found.values())
        cuts = [0, *(at for at, (a, b) in enumerate(pairwise(events), 1) if b[0] - a[0] > GAP_S), len(events)]
        for first, end in pairwise(cuts):
            part = events[first:end]
            counts = Counter(kind for _, kind in part)
            yield visitor, part[0][0], part[-1][0], len(part), tuple(sorted(counts.items()))


def _epoch_s(text: str) -> float:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp(), 6)
