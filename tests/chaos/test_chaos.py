"""A short run of the chaos kit; `make chaos` runs it for as long as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.plan import Planned
from tests.chaos.report import write_report
from tests.chaos.run import Options, disturbed
from tests.chaos.verdict import verdict


@pytest.mark.controls
@pytest.mark.kafka
@pytest.mark.timeout(900)
def test_a_killed_worker_and_a_killed_broker_lose_and_double_nothing(tmp_path: Path) -> None:
    options = Options(seed=11, seconds=18, rate=800, has_every_fault=True)
    planned = [Planned(4.0, "workers", "kill", 1), Planned(9.0, "brokers", "hard_bounce", 2)]
    with disturbed(tmp_path, options, planned, lambda _: None) as (place, done):
        found = verdict(place.direct, done.begun_ms, print)
    assert found.differences == []
    assert [fault.planned.fault for fault in done.faults] == ["kill", "hard_bounce"]
    assert -9 in {ended.code for ended in done.ended}
    assert found.read > 10_000
    assert sum(accounts.folded for accounts in found.accounts.values()) > 8_000
    page = write_report(tmp_path / "report", options, done, found).read_text()
    assert "Nothing lost, doubled or torn" in page
    assert (tmp_path / "report" / "timeline.png").stat().st_size > 10_000
