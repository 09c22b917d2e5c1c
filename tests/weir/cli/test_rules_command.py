from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.heuristics.test_pack import ENTRY, text
from tests.support.command import weir
from tests.support.packs import pack_text
from tests.support.polling import PATIENCE_S


def pack(folder: Path, **changed: object) -> str:
    file = folder / "mine.yaml"
    file.write_text(text(ENTRY | changed))
    return str(file)


def test_the_shipped_rules_pass_check_and_test() -> None:
    checked = weir("rules", "check")
    assert (checked.code, "There are no problems" in checked.out + checked.err) == (0, True)
    tested = weir("rules", "test", "--json")
    assert tested.code == 0
    assert {row["pack"] for row in tested.rows()} >= {"injection", "user-agents", "scanners", "spam-text", "referrers"}
    assert all(row["examples"] >= row["patterns"] for row in tested.rows() if row["pack"] != "oversized")


def test_explain_names_the_field_of_an_event_that_was_cut() -> None:
    event = {"event_id": "e", "visitor_id": "v", "type": "page_view", "ts": 1_750_000_000, "url": "/" + "a" * 20_000}
    called = weir("rules", "explain", json.dumps(event), "--json")
    assert called.code == 0, called.err
    assert ("oversized/url", "url", 0.5) in [
        (row.get("rule"), row.get("field"), row.get("weight")) for row in called.rows()
    ]


def test_check_tells_everything_that_is_wrong_with_file_line_and_hint(tmp_path: Path) -> None:
    called = weir("rules", "check", pack(tmp_path, regex="(", weight=0.7), "--json")
    assert called.code == 1
    (row,) = called.rows()
    assert row["file"].endswith("mine.yaml")
    assert row["line"] > 1
    assert "can't compile" in row["message"]
    assert row["hint"]


def test_an_example_that_fails_is_told_by_name(tmp_path: Path) -> None:
    called = weir("rules", "test", pack(tmp_path, match=["/products"]))
    assert called.code != 0
    assert "mine/export does not match its example '/products'" in called.err.replace("\n", " ")


def test_check_exits_with_2_where_there_is_no_file_and_1_where_there_is_a_finding(tmp_path: Path) -> None:
    for command in ("check", "test"):
        missing = weir("rules", command, str(tmp_path / "nobody.yaml"))
        assert (missing.code, "nobody.yaml does not exist." in missing.err) == (2, True)
    called = weir("rules", "check", pack(tmp_path, expires="2001-01-01"), "--json")
    (row,) = called.rows()
    assert (called.code, row["severity"]) == (1, "warning")
    assert "has expired" in row["message"]
    assert weir("rules", "check", pack(tmp_path)).code == 0


def test_check_on_a_log_tells_what_never_fires(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps({"event_id": "e", "visitor_id": "v", "type": "page_view", "ts": 0, "url": "/shoes"}))
    called = weir("rules", "check", pack(tmp_path), "--on", str(events), "--json")
    assert called.code == 1
    assert "mine/export never fires on 1 events" in called.rows()[0]["message"]
    assert weir("rules", "check", pack(tmp_path), "--on", str(tmp_path / "nobody")).code == 2


def test_a_reader_who_leaves_early_sees_no_stack_trace(tmp_path: Path) -> None:
    call = f"{sys.executable} -m weir.cli.main rules test --json | head -1"
    done = subprocess.run(
        ["bash", "-c", call], capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE_S, check=False
    )
    assert json.loads(done.stdout)["pack"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"", b"\xff", b"a: [", b"a: \x00", b"- 1"])
def test_a_file_that_is_no_pack_is_told_without_a_stack_trace(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    called = weir("rules", "check", str(file))
    assert called.code == 1
    assert "Traceback" not in called.err


def test_explain_says_what_fires_on_a_text_and_on_an_event() -> None:
    *rows, said = weir("rules", "explain", "/item?id=1%27%20OR%20%271%27=%271", "--json").rows()
    assert all(row["rule"] and row["matched"] and "percent" in row["steps"] for row in rows if "rule" in row)
    assert any(row.get("rule", "").startswith("injection/") for row in rows)
    assert said.keys() == {"field", "evidence", "verdict"}
    readable = weir("rules", "explain", "/item?id=1' or '1'='1")
    assert "As query: evidence 0.95, block." in readable.out
    assert "No rule fires" in weir("rules", "explain", "lovely shoes for two (in red)").out


def test_explain_judges_an_event_as_a_session_of_one(tmp_path: Path) -> None:
    event = {"event_id": "e", "visitor_id": "v", "type": "search", "ts": 0, "query": "' or 1=1 --", "url": "/export"}
    rule = {
        "id": "mine/one-event",
        "category": "scraper",
        "reason": "Any session whatever.",
        "weight": 0.5,
        "conditions": [{"measure": "events", "at_least": 1}],
        "match": [{"measures": {"events": 1}}],
        "no_match": [{"measures": {"events": 0}}],
    }
    file = tmp_path / "mine.yaml"
    file.write_text(pack_text({"shadow": True}, rules=[rule]))
    *rows, said = weir("rules", "explain", json.dumps(event), "--set", f"pack_files={file}", "--json").rows()
    by_rule = {row["rule"]: row for row in rows}
    assert (by_rule["mine/export"]["shadow"], by_rule["mine/export"]["field"]) == (True, "path")
    assert (by_rule["mine/one-event"]["shadow"], by_rule["mine/one-event"]["field"]) == (False, "session")
    assert any(name.startswith("injection/") for name in by_rule)
    assert said["verdict"] == "block"


@pytest.mark.parametrize("text", ["\\ud800<script>", "\udcff<script>", '{"event_id": "\udcff"}', "{", "", " "])
def test_explain_takes_any_text_without_a_stack_trace(text: str) -> None:
    called = weir("rules", "explain", text)
    assert called.code in {0, 2}
    assert called.out or called.err.startswith("weir: ")


@pytest.mark.parametrize(("given", "code"), [(b"<script>\n", 0), (b"", 2)])
def test_explain_reads_standard_input(given: bytes, code: int) -> None:
    call = [sys.executable, "-m", "weir.cli.main", "rules", "explain", "-"]
    done = subprocess.run(call, input=given, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_what_is_no_event_is_told() -> None:
    called = weir("rules", "explain", '{"event_id": 1}')
    assert called.code == 2
    assert "The JSON is not an event" in called.err


def test_simulate_shows_whose_verdict_a_pack_would_change(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text(
        "".join(
            json.dumps({"event_id": f"{n}", "visitor_id": visitor, "type": "page_view", "ts": n, "url": url}) + "\n"
            for n, (visitor, url) in enumerate([("ann", "/export/all"), ("ben", "/shoes")])
        )
    )
    (row,) = weir("rules", "simulate", str(events), "--pack", pack(tmp_path), "--json").rows()
    assert (row["visitor_id"], row["before"], row["after"], row["rules"]) == (
        "ann",
        "allow",
        "throttle",
        ["mine/export"],
    )
    assert (row["kind"], row["samples"]) == ("newly flagged", ["/export/all"])
    readable = weir("rules", "simulate", str(events), "--pack", pack(tmp_path))
    assert "2 sessions: 1 newly flagged, 0 no longer flagged" in readable.out.replace("\n", " ")
    assert weir("rules", "simulate", str(tmp_path / "nobody"), "--pack", pack(tmp_path)).code == 2


def test_stats_show_each_rules_worth_on_a_log_and_labels(tmp_path: Path) -> None:
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    visits = [("ann", "/export/all"), ("ben", "/shoes"), ("cy", "/export/some")]
    events.write_text(
        "".join(
            json.dumps({"event_id": f"{n}", "visitor_id": visitor, "type": "page_view", "ts": n, "url": url}) + "\n"
            for n, (visitor, url) in enumerate(visits)
        )
    )
    said = [("ann", "bad", "mod"), ("cy", "good", "mod"), ("cy", "bad", "weak:heuristics")]
    labels.write_text(
        "".join(
            json.dumps({"visitor_id": visitor, "ts": 2, "label": label, "source": source}) + "\n"
            for visitor, label, source in said
        )
    )
    given = ("--set", f"pack_files={pack(tmp_path)}", "--labels", str(labels))
    (row,) = weir("rules", "stats", str(events), *given, "--json").rows()
    assert (row["rule"], row["hits"], row["sessions"], row["alone"]) == ("mine/export", 2, 2, 2)
    assert (row["answers"], row["precision"], row["marginal_precision"]) == (2, 0.5, 0.5)
    assert row["cost_us"] > 0
    readable = weir("rules", "stats", str(events), *given)
    assert "3 sessions, 2 with human labels." in readable.out
    assert weir("rules", "stats", "--labels", str(labels)).code == 2


def test_check_compiles_what_is_wrong_in_other_ways_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(pack_text({"regex": "(", "weight": 7}))
    messages = " ".join(row["message"] for row in weir("rules", "check", str(file), "--json").rows())
    assert "weight" in messages
    assert "RE2 can't compile it" in messages


def test_check_takes_business_rules_and_the_limits_that_they_name(tmp_path: Path) -> None:
    examples = Path(__file__).parents[3] / "docs" / "examples"
    business, limits = str(examples / "business.yaml"), str(examples / "limits.yaml")
    assert weir("rules", "check", business, limits).code == 0
    assert weir("rules", "check", business, "--set", f"limits_file={limits}").code == 0
    called = weir("rules", "check", business, "--json")
    assert (called.code, "names no crawler" in called.rows()[0]["message"]) == (1, True)
    assert "There is no pack" in weir("rules", "test", limits).out
    lists_alone = tmp_path / "lists.yaml"
    lists_alone.write_text(
        'version: "1"\nallow:\n  - {id: allow/a, owner: o, reason: Ours since long., who: {accounts: [a]}}\n'
    )
    assert weir("rules", "check", str(lists_alone)).code == 0


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("rules", "simulate", "events.jsonl", "--pack", "business.yaml"), "The file is business rules, and no pack."),
        (("rules", "publish", "limits.yaml", "--why", "so"), "The file is a file of limits, and no pack."),
        (("limits", "check", "business.yaml", "--json"), "The file is business rules, and no file of limits."),
        (("business", "check", "our-shop.yaml", "--json"), "The file is a pack, and no business rules."),
        (("business", "list", "limits.yaml"), "The file is a file of limits, and no business rules."),
    ],
)
def test_who_mixes_up_kinds_of_rules_reads_one_sentence(call: tuple[str, ...], told: str) -> None:
    examples = Path(__file__).parents[3] / "docs" / "examples"
    called = weir(*(str(examples / word) if "." in word else word for word in call))
    assert called.code != 0
    assert told in called.out + called.err
    assert len((called.out + called.err).splitlines()) < 5
