from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from weir.console.analysis_charts import MOST_BARS, charts_of
from weir.tables.queries import named_queries

FUNNEL = ("sessions", "viewed", "carted", "purchased", "cart_rate", "cart_low", "cart_high")
RATES = ("purchase_rate", "purchase_low", "purchase_high")
LISTS = {"likely-false-positives"}
"""Queries that no chart fits."""


def test_a_funnel_by_day_has_lines_and_bars_with_intervals() -> None:
    rows = [
        ("2023-11-15", 7, 7, 3, 2, 0.429, 0.158, 0.75, 0.667, 0.208, 0.938),
        ("2023-11-18", 1, 1, 0, 0, 0.0, 0.0, 0.793, None, None, None),
    ]
    days, carts, purchases = charts_of("funnel-by-day", ("day", *FUNNEL, *RATES), rows)
    assert days.names == ("sessions", "carted", "purchased")
    assert "sessions at last 1" in days.picture
    assert "2023-11-15 43% (16% to 75%)" in carts.picture
    assert carts.note == "with intervals at 95\N{NO-BREAK SPACE}%"
    assert "2023-11-18 without a value" in purchases.picture


def test_bars_of_days_are_the_newest_and_others_the_first() -> None:
    days = [(f"2023-10-{day:02}", 1, 1, 0, 1.0, 0.2, 1.0) for day in range(1, 31)]
    columns = ("day", "visitors", "fresh", "returning_visitors", "share", "low", "high")
    share = charts_of("returning-visitors", columns, days)[1]
    assert "2023-10-30" in share.picture
    assert "2023-10-15" not in share.picture
    assert f"the last {MOST_BARS} of 30 rows" in share.note
    reasons = [(f"reason-{number:02}", "rate_limit", 50 - number) for number in range(30)]
    (top,) = charts_of("top-bots", ("reason_id", "stage", "sessions"), reasons)
    assert "reason-00, rate limit 50" in top.picture
    assert "reason-29" not in top.picture


def test_cohorts_are_the_three_largest_without_their_first_day() -> None:
    rows = [
        *(("2023-11-15", 0, 6, 1.0), ("2023-11-15", 1, 3, 0.5), ("2023-11-15", 2, 1, 0.167)),
        *(("2023-11-16", 0, 1, 1.0), ("2023-11-16", 1, 1, 1.0)),
        *(("2023-11-17", 0, 4, 1.0), ("2023-11-17", 1, 1, 0.25)),
        *(("2023-11-18", 0, 5, 1.0), ("2023-11-18", 1, 1, 0.2)),
    ]
    (chart,) = charts_of("cohorts", ("first_day", "days_after", "visitors", "share"), rows)
    assert chart.names == ("cohort of 2023-11-15", "cohort of 2023-11-17", "cohort of 2023-11-18")
    assert "cohort of 2023-11-15 at last 0.167" in chart.picture


def test_labels_that_visitors_chose_are_inert() -> None:
    host = "\u202e<script>x</script>" + "x" * 400
    carts, _ = charts_of("funnel-by-referrer", ("referrer_host", *FUNNEL, *RATES), [(host, *[1] * 10)])
    ET.fromstring(carts.picture)
    assert "<script" not in carts.picture
    assert "\u202e" not in carts.picture
    assert "x" * 50 not in carts.picture


@pytest.mark.parametrize("name", [one.name for one in named_queries()])
def test_a_result_without_rows_has_no_chart(name: str) -> None:
    assert charts_of(name, (), ()) == []
