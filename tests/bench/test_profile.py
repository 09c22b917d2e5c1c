from __future__ import annotations

import os
from typing import Any

from bench.measure.profile import ROOT, shares, threads
from bench.report.profiles import profiles

STACKS = [
    f"main ({ROOT}/weir/cli/main.py);fold ({ROOT}/streams/sessionize/fold.py);decode (/lib/msgspec/json.py) 30",
    f"main ({ROOT}/weir/cli/main.py);fold ({ROOT}/streams/sessionize/fold.py:12) 50",
    "_bootstrap (/lib/threading.py);select (/lib/selectors.py) 20",
]


def _process(**changed: object) -> dict[str, Any]:
    given = {"contestant": "weir", "stages": "sessionize", "cpu_us": 10.0, "threads": {"weir": 3.0, "rdk:broker": 1.0}}
    return given | shares(STACKS) | changed


def test_what_a_library_does_is_on_the_account_of_who_calls_it() -> None:
    found = shares(STACKS)

    assert found["samples"] == 100
    assert found["modules"] == {"streams/sessionize/fold.py": 80, "": 20}
    assert found["functions"] == {"streams/sessionize/fold.py: fold": 80, "what runs it": 20}


def test_threads_of_one_kind_are_put_together_under_their_name() -> None:
    found = threads(os.getpid())

    assert found
    assert not any(name[-1:].isdigit() for name in found)
    assert all(used_s >= 0 for used_s in found.values())


def test_python_and_the_client_library_are_told_apart_in_microseconds_of_an_event() -> None:
    told = profiles({"events": 1_000, "processes": [_process()]})

    assert "Of that 2.5 µs are librdkafka's threads" in told
    assert "80.0% | 6.00" in told


def test_a_process_that_ran_too_short_is_said_to_be_so() -> None:
    told = profiles({"events": 10, "processes": [_process(samples=0)]})

    assert "too short" in told
