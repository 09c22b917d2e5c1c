from __future__ import annotations

import threading
import time
from typing import Any

from tests.support.console import ConsoleAtHand, flag, session
from tests.support.packs import ENTRY, a_pack, version_of
from weir.console.computed import Computed
from weir.console.html import link
from weir.contracts import CurrentPack, Event, Label
from weir.contracts.fast import encode
from weir.contracts.session import PatternHits
from weir.kafka.records import LogRecord
from weir.topics import EVENTS, FLAGS, LABELS, RULES, SESSIONS

UNION = "mine/export"


def publish(at_hand: ConsoleAtHand, *packs: Any, number: int = 0) -> None:  # noqa: ANN401 -- packs
    """Puts packs in force by the rules topic, the last one of a name for good."""
    topic = at_hand.settings.names.public(RULES)
    for pack in packs:
        said = CurrentPack(pack=pack.name, version=pack.version, before=[], by="ana", why="<i>new</i>", at=1.0)
        for key, record in ((pack.version, version_of(pack)), ("current", said)):
            value = encode(record)
            at_hand.console.installation._take(LogRecord(topic, 0, number, 1, f"{pack.name}/{key}".encode(), value, ()))


def closed(at_hand: ConsoleAtHand, name: str, *rules: str, **fields: Any) -> None:  # noqa: ANN401 -- any field
    hits = {rule: PatternHits(hits=2, version="1") for rule in rules}
    at_hand.store.feed(SESSIONS, session(name, f"v-{name}", final=True, heuristics=hits, **fields))


def say(at_hand: ConsoleAtHand, name: str, label: str, source: str = "ana") -> None:
    told = Label.model_validate(
        {"visitor_id": f"v-{name}", "session_id": name, "ts": time.time(), "label": label, "source": source}
    )
    at_hand.store.feed(LABELS, told)


def row_of(at_hand: ConsoleAtHand, rule: str, **query: str) -> dict[str, Any]:
    rows = at_hand.browser.get(link("/rules", format="json", **query)).json()["rules"]
    return next(row for row in rows if row["rule"] == rule)


def test_each_rule_has_its_figures_with_peoples_answers_and_without_weak_ones(at_hand: ConsoleAtHand) -> None:
    publish(at_hand, a_pack({}))
    for name in ("a", "b", "c"):
        closed(at_hand, name, UNION)
    closed(at_hand, "d")
    say(at_hand, "a", "bad")
    say(at_hand, "b", "good")
    say(at_hand, "c", "bad", source="weak:rate_limit")
    row = row_of(at_hand, UNION)
    assert (row["hits"], row["sessions"], row["share"], row["alone"]) == (6, 3, 0.75, 3)
    assert (row["answers"], row["precision"], row["marginal_precision"]) == (2, 0.5, 0.5)
    assert row["cost_us"] > 0
    page = at_hand.browser.get("/rules").text
    assert "newest 4 closed sessions" in page
    assert "&lt;i&gt;new&lt;/i&gt;" in page


def test_figures_are_kept_for_a_minute(at_hand: ConsoleAtHand) -> None:
    publish(at_hand, a_pack({}))
    clock = [1_000.0]
    at_hand.console.clock = lambda: clock[0]
    closed(at_hand, "a", UNION)
    assert row_of(at_hand, UNION)["sessions"] == 1
    closed(at_hand, "b", UNION)
    assert row_of(at_hand, UNION)["sessions"] == 1
    clock[0] += 61
    assert row_of(at_hand, UNION)["sessions"] == 2


def test_rules_are_sorted_and_filtered_by_the_address(at_hand: ConsoleAtHand) -> None:
    publish(
        at_hand,
        a_pack({}, {"id": "mine/quiet", "shadow": True, "weight": 0.2, "regex": "^/quiet", "match": ["/quiet"]}),
    )
    rows = at_hand.browser.get(link("/rules", format="json", pack="mine", sort="weight")).json()["rules"]
    assert [row["rule"] for row in rows] == [UNION, "mine/quiet"]
    rows = at_hand.browser.get(link("/rules", format="json", pack="mine", shadow="yes")).json()["rules"]
    assert [row["rule"] for row in rows] == ["mine/quiet"]
    assert at_hand.browser.get(link("/rules", sort="no such", **{"from": "x"})).status_code == 200
    assert 'rel="next"' in at_hand.browser.get("/rules").text


def test_a_rule_shows_its_pattern_examples_sessions_and_commands(at_hand: ConsoleAtHand) -> None:
    publish(at_hand, a_pack({"shadow": True}))
    closed(at_hand, "a", UNION)
    at_hand.store.feed(FLAGS, flag("a", "v-a", reasons=[{"id": UNION, "version": "1", "text": "It fetches all."}]))
    page = at_hand.browser.get(link("/rules/rule", id=UNION)).text
    for told in (ENTRY["regex"], "/export/all", "/products", link("/session", id="a"), "All of them"):
        assert told in page
    assert f"weir rules graduate {UNION} --why" in page
    assert "weir rules rollback mine --why" in page


def test_a_session_rule_shows_its_conditions(at_hand: ConsoleAtHand) -> None:
    rule = at_hand.console.installation.patterns.rules[0]
    page = at_hand.browser.get(link("/rules/rule", id=rule.id)).text
    assert "Conditions" in page
    assert "must hold" in page


def test_every_rule_in_force_has_a_page(at_hand: ConsoleAtHand) -> None:
    patterns = at_hand.console.installation.patterns
    names = [*patterns.ids[::97], *(name for name in patterns.ids if "." in name)][:40]
    for name in [*names, *(rule.id for rule in patterns.rules)]:
        assert at_hand.browser.get(link("/rules/rule", id=name)).status_code == 200, name


def test_an_unknown_rule_is_shown_as_text(at_hand: ConsoleAtHand) -> None:
    answer = at_hand.browser.get(link("/rules/rule", id="<script>"))
    assert answer.status_code == 404
    assert "<script>&" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_another_version_is_compared_by_what_sessions_noted_and_by_stored_events(at_hand: ConsoleAtHand) -> None:
    now_s = time.time()
    wider = a_pack({"regex": "^/(export|dump)", "match": ["/export/all", "/dump"]}, version="2")
    publish(at_hand, wider, a_pack({}))
    closed(at_hand, "noted", UNION)
    closed(at_hand, "new", start=now_s - 10, end=now_s)
    closed(at_hand, "plain", entry_url="/", events=5)
    event = Event(event_id="e1", visitor_id="v-new", type="page_view", ts=now_s - 5, url="/dump")
    at_hand.store.feed(EVENTS, event, key=b"v-new")
    address = link("/rules/simulate", pack="mine", version=wider.version)
    assert address.replace("&", "&amp;") in at_hand.browser.get("/rules").text
    found = at_hand.browser.get(f"{address}&format=json").json()["outcome"]
    assert found["changed_patterns"] == 1
    changes = {one["session_id"]: (one["before"], one["after"]) for one in found["changes"]}
    # Of `noted` the store has no event: what it noted was by the other pattern.
    assert changes == {"new": ("allow", "throttle"), "noted": ("throttle", "allow")}
    assert found["sessions_with_all_events"] == 1
    assert link("/session", id="new") in at_hand.browser.get(address).text


def test_another_weight_needs_no_event(at_hand: ConsoleAtHand) -> None:
    stronger = a_pack({"weight": 0.95}, version="2")
    publish(at_hand, stronger, a_pack({}))
    closed(at_hand, "a", UNION)
    found = at_hand.browser.get(link("/rules/simulate", pack="mine", version=stronger.version, format="json")).json()
    assert found["outcome"]["changed_patterns"] == 0
    assert found["outcome"]["verdicts"] == [{"before": "throttle", "after": "block", "sessions": 1}]


def test_a_version_that_is_none_is_refused(at_hand: ConsoleAtHand) -> None:
    assert at_hand.browser.get(link("/rules/simulate", pack="mine", version="9")).status_code == 400


def test_a_page_whose_figures_take_long_says_so_and_looks_again(at_hand: ConsoleAtHand) -> None:
    at_hand.console.computed = Computed(patience_s=0)
    may_end = threading.Event()
    at_hand.console.computed.get("other", 0.0, lambda: lambda: may_end.wait(60))
    for address in ("/rules", link("/rules/rule", id="injection/sql-union"), "/models"):
        page = at_hand.browser.get(address).text
        assert "being computed" in page
        assert 'http-equiv="refresh"' in page
    may_end.set()
