from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.console import ConsoleAtHand, console_at_hand
from weir.console.examined import Examined
from weir.console.workers import Series, WorkerSeen, WorkerWatch
from weir.kafka.doctor import Finding
from weir.settings import Settings

STATUS = {
    "stages": ["sessionize", "score"],
    "partitions": [
        {"stage": "sessionize", "partition": 0, "ready": True, "lag": 1_200},
        {"stage": "sessionize", "partition": 1, "ready": False, "lag": 34},
    ],
}
SERIES: Series = {
    ("weir_recovery_seconds", (("partition", "0"), ("stage", "sessionize"))): 2.5,
    ("weir_recovered_entries", (("partition", "0"), ("stage", "sessionize"))): 77.0,
}


class SeenWorkers(WorkerWatch):
    """Workers as a test says that they answered."""

    def __init__(self, *workers: WorkerSeen) -> None:
        super().__init__([one.address for one in workers])
        self._seen = {one.address: one for one in workers}


def examined(at_hand: ConsoleAtHand, *findings: Finding) -> list[int]:
    """Lets the doctor find these; counts how often it looked."""
    looks: list[int] = []
    now_s = [1_000.0]

    def look(_: Settings) -> Iterator[Finding]:
        looks.append(1)
        yield from findings

    at_hand.console.examined = Examined(at_hand.settings, look, lambda: now_s[0])
    return looks


def test_workers_are_shown_with_stages_partitions_lag_and_recovery(at_hand: ConsoleAtHand) -> None:
    up = WorkerSeen("http://one:6066", is_up=True, is_ready=True, status=STATUS, series=SERIES)
    at_hand.console.workers = SeenWorkers(up, WorkerSeen("http://two:6066", is_up=False))
    page = at_hand.browser.get("/system").text
    assert "1,234 records" in page
    assert "being recovered: 1" in page
    assert "2.5 s, 77 entries" in page
    assert "no answer" in page


def test_what_is_no_status_of_a_worker_breaks_nothing(at_hand: ConsoleAtHand) -> None:
    odd = WorkerSeen("http://odd:1", is_up=True, status={"partitions": ["x"], "stages": [1]})
    at_hand.console.workers = SeenWorkers(odd)
    assert at_hand.browser.get("/system").status_code == 200


def test_settings_are_shown_with_their_source_and_secrets_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_GAP_S", "77")
    with console_at_hand(tmp_path / "console", model_key="very secret", sasl_password="hidden too") as made:
        rows = {row["setting"]: row for row in made.browser.get("/system?format=json").json()["settings"]}
        page = made.browser.get("/system").text
    assert (rows["gap_s"]["value"], rows["gap_s"]["source"]) == ("77.0", "environment")
    assert rows["console_folder"]["source"] == "flag"
    assert rows["grace_s"]["source"] == "default"
    assert "**********" in rows["model_key"]["value"]
    assert "very secret" not in page
    assert "hidden too" not in page


def test_the_doctor_looks_when_asked_and_is_remembered_for_a_minute(at_hand: ConsoleAtHand) -> None:
    looks = examined(at_hand, Finding("brokers", "wrong", "None answers <here>.", "Start one."))
    assert "Run the doctor" in at_hand.browser.get("/system").text
    assert not looks
    for _ in range(2):
        page = at_hand.browser.get("/system?doctor=1").text
        assert "None answers &lt;here&gt;." in page
        assert "Start one." in page
    assert "None answers" in at_hand.browser.get("/system").text
    assert len(looks) == 1


def test_the_stores_progress_and_bounds_are_told(at_hand: ConsoleAtHand) -> None:
    page = at_hand.browser.get("/system").text
    assert "up to date" in page
    assert "4,000,000,000 at most" in page
    assert at_hand.browser.get("/system?format=json").json()["store"]["bytes"] > 0
