"""What each command that reads files says of them, and when it exits with 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.streams.intake.layouts.logs import AGENT
from tests.support.command import Called, weir

ROOT = Path(__file__).parents[3]
PACK = ROOT / "docs/examples/packs"
READS = {
    "replay": ("replay",),
    "simulate": ("rules", "simulate", "--pack", str(next((ROOT / "rules").rglob("user-agents.yaml")))),
    "stats": ("rules", "stats"),
    "business": ("business", "simulate", "--rules", str(ROOT / "rules/business/default.yaml")),
}


def log_line(second: int, client: int = 9) -> str:
    return (
        f"203.0.113.{client} - - [17/May/2026:{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} +0000] "
        f'"GET /a HTTP/1.1" 200 5 "-" "{AGENT}"'
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *lines: str) -> str:
    Path(name).write_text("".join(f"{line}\n" for line in lines))
    return name


def read_by(command: str, *arguments: str) -> Called:
    called = weir(*READS[command], *arguments)
    assert "Traceback" not in called.err
    return called


@pytest.mark.parametrize("command", READS)
@pytest.mark.usefixtures("folder")
def test_a_log_needs_no_format_to_be_named(command: str) -> None:
    called = read_by(command, write("access.log", *map(log_line, range(20))))
    assert called.code == 0, called.err
    assert "access.log: format combined (20 of the first 20 lines fit)" in called.err


@pytest.mark.parametrize("command", READS)
@pytest.mark.usefixtures("folder")
def test_more_than_half_unreadable_is_exit_code_1_unless_allowed(command: str) -> None:
    half = ["oops"] * 120 + [log_line(n) for n in range(100)]
    good_first = write("access.log", *(log_line(n) for n in range(100)), *["oops"] * 120)
    called = read_by(command, good_first)
    assert called.code == 1
    assert "access.log: 120 of 220 lines: unreadable_line. Line 101: The line ends before column 2" in called.err
    assert "120 of the 220 lines of access.log could not be read" in called.err
    assert read_by(command, good_first, "--allow-unreadable", "0.6").code == 0
    assert read_by(command, write("other.log", *half)).code == 1


@pytest.mark.parametrize("command", READS)
@pytest.mark.usefixtures("folder")
def test_many_late_events_are_a_warning_with_the_likely_cause(command: str) -> None:
    newest_first = write(
        "access.log", *(log_line(60 * n + 40_000) for n in range(30)), *(log_line(n) for n in range(30))
    )
    called = read_by(command, newest_first)
    assert called.code == 0
    assert "WARNING: 30 of 60 events (50%) came late" in called.err
    assert "30 lines of access.log are far earlier than a line before them" in called.err


@pytest.mark.parametrize("command", READS)
@pytest.mark.usefixtures("folder")
def test_the_order_of_files_makes_nothing_late(command: str) -> None:
    newest = write("access.log", *(log_line(n + 40_000) for n in range(30)))
    oldest = write("access.log.1", *(log_line(n) for n in range(30)))
    assert "came late" not in read_by(command, newest, oldest).err


@pytest.mark.usefixtures("folder")
def test_json_has_what_is_to_be_said_of_each_file() -> None:
    name = write("access.log", *(f"{log_line(n)} rt=0.1" for n in range(3)), "oops")
    (summary,) = weir("replay", name, name, "--json").rows()
    first, copy = summary["inputs"]
    assert first["format"] == "combined"
    assert first["columns_carried"] == {"rt": 3}
    assert first["unreadable"]["unreadable_line"]["first"] == 4
    assert copy["copy_of"] == "access.log"


@pytest.mark.usefixtures("folder")
def test_what_a_log_holds_reaches_no_terminal_as_commands() -> None:
    name = write("access.log", *map(log_line, range(3)), "\x1b[31moops\x1b[0m")
    called = weir("replay", name)
    assert "\x1b" not in called.err + called.out
    assert "\\x1b[31moops" in called.err


@pytest.mark.parametrize("kind", ["access-log", "events"])
def test_a_line_with_a_url_of_20_000_characters_is_folded_and_marks_its_session(folder: Path, kind: str) -> None:
    url = "/" + "a" * 20_000
    if kind == "events":
        event = {"event_id": "e", "visitor_id": "v", "type": "page_view", "ts": 1_750_000_000, "url": url}
        name = write("events.jsonl", json.dumps(event))
    else:
        line = log_line(0)
        path = line.split('"')[1].split(" ")[1]
        name = write("access.log", line.replace(path, url, 1))
    sessions, flags = folder / "sessions.jsonl", folder / "flags.jsonl"
    called = weir("replay", name, "--sessions", str(sessions), "--flags", str(flags))
    assert called.code == 0, called.err
    session = json.loads(sessions.read_text().splitlines()[-1])
    assert session["heuristics"]["oversized/url"]["hits"] == 1
    assert session["entry_url"] == session["exit_url"] == url[:16_384]
    reasons = [one for flag in flags.read_text().splitlines() for one in json.loads(flag)["reasons"]]
    assert "The URL is longer than 16,384 characters and was cut." in json.dumps(reasons)


def test_a_site_behind_a_proxy_with_a_format_of_its_own(folder: Path) -> None:
    own, conf = ROOT / "docs/examples/own.log", (ROOT / "docs/examples/nginx.conf").read_text()
    sessions, flags = folder / "sessions.jsonl", folder / "flags.jsonl"
    called = weir("replay", str(own), "--log-format", conf, "--sessions", str(sessions), "--flags", str(flags))
    assert called.code == 0, called.err
    assert "own.log: the format of --log-format (28 of the first 28 lines fit)" in called.err
    rows = [json.loads(line) for line in sessions.read_text().splitlines()]
    address = {row["session_id"]: row["ip"] for row in rows}
    assert set(address.values()) == {"198.51.100.21", "198.51.100.34", "2001:db8::21", "203.0.113.66"}
    assert {account for row in rows for account in row["account_ids"]} == {"anna"}
    flagged = [json.loads(line) for line in flags.read_text().splitlines()]
    assert {address[flag["session_id"]] for flag in flagged if flag["verdict"] != "allow"} == {"203.0.113.66"}
    assert "203.0.113.66" in called.out
    refused = weir("replay", str(own))
    assert refused.code == 1
    assert "column 11 is '198.51.100.21', which looks like the client's address" in refused.err
