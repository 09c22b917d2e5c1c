from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.support.command import weir

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
LIMITS = f"limits_file={EXAMPLES / 'limits.yaml'}"
RULES = EXAMPLES / "business.yaml"


def rules(folder: Path, *entries: object, **sections: object) -> Path:
    file = folder / "edited.yaml"
    rest = {"owner": "shop", "reason": "Because the test says so."}
    listed = [rest | entry for entry in entries if isinstance(entry, dict)]
    file.write_text(yaml.safe_dump({"version": "2", "rules": listed, **sections}))
    return file


def events(folder: Path) -> Path:
    file = folder / "events.jsonl"
    lines = [
        {"event_id": f"{who}-{n}", "visitor_id": who, "type": "page_view", "ts": 1.75e9 + n, "url": url, "ip": ip}
        for who, url, ip in (
            ("ann", "/shoes", "192.0.2.1"),
            ("scanner", "/?q=%27%20UNION%20SELECT%20password%20FROM%20users--", "192.0.2.2"),
        )
        for n in range(4)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_the_shipped_rules_and_the_example_are_well() -> None:
    assert weir("business", "check").code == 0
    called = weir("business", "check", str(RULES), "--set", LIMITS)
    assert (called.code, "There are no problems" in called.out + called.err) == (0, True)


def test_a_crawler_that_no_network_has_is_told() -> None:
    called = weir("business", "check", str(RULES), "--json")
    assert called.code != 0
    (row,) = called.rows()
    assert "names no crawler searchbot" in row["message"]
    assert row["line"] > 1


def test_warnings_are_shown_and_well(tmp_path: Path) -> None:
    file = rules(tmp_path, {"id": "old", "when": {"visitors": ["a"]}, "then": "allow", "expires": "2020-01-01"})
    called = weir("business", "check", str(file), "--json")
    assert called.code == 0
    assert [row["severity"] for row in called.rows()] == ["warning"]


def test_rules_are_listed_in_the_order_in_which_they_are_asked() -> None:
    called = weir("business", "list", str(RULES), "--set", LIMITS, "--json")
    assert called.code == 0
    priorities = [row["priority"] for row in called.rows()]
    assert priorities == sorted(priorities, reverse=True)
    assert priorities[0] == 1_000
    assert "Ceiling ceiling/five-percent: 5.0%" in weir("business", "list", str(RULES), "--set", LIMITS).out


def test_a_simulation_shows_what_an_edit_would_change_and_which_rule_does(tmp_path: Path) -> None:
    allow = {"id": "allow/test-team", "owner": "shop", "reason": "Our own test team.", "who": {"visitors": ["scanner"]}}
    file = rules(
        tmp_path,
        {"id": "strict/ann", "when": {"visitors": ["ann"], "at_least": {"events": 2}}, "then": "review"},
        allow=[allow],
    )
    called = weir("business", "simulate", str(events(tmp_path)), "--rules", str(file), "--json")
    assert called.code == 0, called.err
    found = {row["visitor_id"]: (row["kind"], row["by"][0]) for row in called.rows()}
    assert found == {"ann": ("newly flagged", "strict/ann"), "scanner": ("no longer flagged", "allow/test-team")}
    told = weir("business", "simulate", str(events(tmp_path)), "--rules", str(file)).out
    assert "2 sessions: 1 newly flagged, 1 no longer flagged." in told


def test_a_simulation_of_the_same_rules_changes_nothing(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[3] / "rules" / "business" / "default.yaml"
    called = weir("business", "simulate", str(events(tmp_path)), "--rules", str(shipped))
    assert called.code == 0
    assert "0 sessions: nothing changes." in called.out


def test_a_simulation_of_rules_that_are_refused_says_why_and_replays_nothing(tmp_path: Path) -> None:
    file = rules(tmp_path, {"id": "a", "when": {}, "then": "allow"})
    called = weir("business", "simulate", str(events(tmp_path)), "--rules", str(file))
    assert called.code != 0
    assert "has no condition" in called.err
    assert weir("business", "simulate", "-", "--rules", str(file)).code == 2
