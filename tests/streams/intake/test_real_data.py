"""What the formats make of real files, row by row where it matters."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.intake.choose_format import FormatRequest
from streams.intake.files import Inputs, read
from streams.intake.line import BadLine, Line
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.settings import Settings

pytestmark = pytest.mark.data
SharedData = Callable[[str], Path]


def split(line_format: str, path: Path) -> tuple[list[Line], list[BadLine]]:
    found = list(read(line_format, str(path)))
    return [one for one in found if isinstance(one, Line)], [one for one in found if isinstance(one, BadLine)]


def test_the_access_log_has_one_line_that_was_cut_off(shared_data: SharedData) -> None:
    lines, (bad,) = split("access-log", shared_data("elastic-apache-logs/apache_logs"))
    assert len(lines) == 9_999
    assert (bad.number, bad.reason) == (8_899, DeadLetterReason.UNREADABLE_LINE)
    assert bad.raw.count(b'"') % 2 == 1
    events = [json.loads(line.value) for line in lines]
    assert len({event["ip"] for event in events}) == 1_753
    assert len({event["event_id"] for event in events}) == 9_999
    assert Counter(event["type"] for event in events) == {"page_view": 9_951, "request": 48}


def test_the_access_log_cut_into_rotated_parts_in_reverse_order_is_the_same_log(
    shared_data: SharedData, tmp_path: Path
) -> None:
    whole = shared_data("elastic-apache-logs/apache_logs")
    lines = whole.read_bytes().splitlines(keepends=True)
    parts = []
    for number in range(5):
        part = tmp_path / f"access.log.{5 - number}.gz"
        part.write_bytes(gzip.compress(b"".join(lines[number * 2_000 : (number + 1) * 2_000])))
        parts.append(str(part))
    cut = Inputs(parts[::-1], FormatRequest(), Settings())
    found = list(cut.read())
    values = [line.value for line in found if isinstance(line, Line)]
    assert values == [line.value for line in split("access-log", whole)[0]]
    (bad,) = (line for line in found if isinstance(line, BadLine))
    assert (Path(bad.source).name, bad.number) == ("access.log.1.gz", 899)
    assert bad.detail == "Column 9, the user agent, has no end: the line may be cut off."


def test_otto_is_every_event_of_every_visitor_in_the_order_of_time(shared_data: SharedData) -> None:
    lines, bad = split("otto", shared_data("otto/train.jsonl"))
    assert not bad
    assert [line.ts for line in lines] == sorted(line.ts for line in lines)
    events = [json.loads(line.value) for line in lines]
    assert Counter(event["type"] for event in events) == {"click": 800, "add_to_cart": 52, "purchase": 10}
    assert len({event["visitor_id"] for event in events}) == 20


def test_snowplow_rows_are_explained_one_by_one(shared_data: SharedData) -> None:
    path = shared_data("snowplow-web/snowplow_web_events.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines, bad = split("snowplow", path)
    # 160 rows, of which one has no visitor: its edge case says so.
    assert [(one.reason, b"NULL domain_userid" in one.raw) for one in bad] == [(DeadLetterReason.NO_VISITOR, True)]
    assert len(lines) == len(rows) - 1 == 159
    assert [line.ts for line in lines] == sorted(line.ts for line in lines)
    events = [json.loads(line.value) for line in lines]
    named = [row for row in rows if row["domain_userid"]]
    assert Counter(event["visitor_id"] for event in events) == Counter(row["domain_userid"] for row in named)
    assert Counter(event["account_id"] for event in events) == Counter(row["user_id"] for row in named)
    names = Counter(row["event_name"] for row in named)
    assert Counter(event["type"] for event in events) == {
        **{name: count for name, count in names.items() if name not in {"page_ping", "link_click"}},
        "ping": names["page_ping"],
        "click": names["link_click"],
    }


def test_rows_of_snowplow_that_repeat_an_event_keep_its_id(shared_data: SharedData) -> None:
    lines, _ = split("snowplow", shared_data("snowplow-web/snowplow_web_events.csv"))
    events = [json.loads(line.value) for line in lines]
    repeated = {event_id: count for event_id, count in Counter(e["event_id"] for e in events).items() if count > 1}
    assert sorted(repeated.values()) == [2, 2, 2]
    accounts = {event["account_id"] for event in events if event["event_id"] in repeated}
    assert all(account.startswith("dupe: event_id") for account in accounts)


def test_a_shops_rows_become_its_funnel(shared_data: SharedData) -> None:
    lines, bad = split("snowplow", shared_data("snowplow-ecommerce/snowplow_ecommerce_events.csv"))
    assert {one.reason for one in bad} == {DeadLetterReason.NO_VISITOR}
    assert len(lines) + len(bad) == 833
    events = [json.loads(line.value) for line in lines]
    counts = Counter(event["type"] for event in events)
    assert (counts["product_view"], counts["add_to_cart"], counts["purchase"]) == (178, 37, 13)
    assert all(event["value"] > 0 and event["currency"] for event in events if event["type"] == "purchase")
