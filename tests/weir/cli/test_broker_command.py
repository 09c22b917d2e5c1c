"""`weir broker`, as a person uses it: in a shell, from one call to the next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import weir
from weir.broker import DevelopmentBroker


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "broker"
    DevelopmentBroker(tmp_path / "broker").stop(kill=True)


@pytest.mark.kafka
def test_from_start_to_stop(folder: Path) -> None:
    assert weir("broker", "status", "--folder", str(folder)).code == 1

    started = weir("broker", "start", "--folder", str(folder), "--port", "0")
    assert started.code == 0, started.err
    servers = re.search(r"answers at (127\.0\.0\.1:\d+)", started.out)
    assert servers
    assert f"export WEIR_BOOTSTRAP_SERVERS={servers[1]}" in started.out

    again = weir("broker", "start", "--folder", str(folder), "--port", "0")
    assert "runs already" in again.out

    status = weir("broker", "status", "--folder", str(folder), "--json")
    facts = json.loads(status.out)
    assert (status.code, facts["running"], facts["bootstrap_servers"]) == (0, True, servers[1])

    assert weir("topics", "create", "--bootstrap-servers", servers[1]).code == 0

    assert "has stopped" in weir("broker", "stop", "--folder", str(folder)).out
    assert "No development broker ran" in weir("broker", "stop", "--folder", str(folder)).out


def test_status_without_a_broker_is_readable_or_json_and_exit_code_1(folder: Path) -> None:
    readable = weir("broker", "status", "--folder", str(folder))
    assert readable.code == 1
    assert "weir broker start" in readable.out
    assert json.loads(weir("broker", "status", "--folder", str(folder), "--json").out)["running"] is False


@pytest.mark.parametrize("servers", ["kafka.example:9092", "127.0.0.1:9092,127.0.0.1:9093", "127.0.0.1"])
def test_settings_that_point_elsewhere_are_not_overruled(folder: Path, servers: str) -> None:
    ran = weir("broker", "start", "--folder", str(folder), "--bootstrap-servers", servers)
    assert ran.code == 2
    assert "--port" in ran.err


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--profile", "fast"]])
def test_a_wrong_call_starts_nothing(folder: Path, arguments: list[str]) -> None:
    assert weir("broker", "start", "--folder", str(folder), *arguments).code == 2
    assert not folder.exists()
