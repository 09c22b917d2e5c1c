from __future__ import annotations

from typing import Any

from rules.heuristics.patterns import Patterns, load_packs
from rules.heuristics.simulate import Both, Simulation
from streams.intake.line import Line
from streams.replay.sessions import Sessions
from streams.stages import Resources
from tests.support.packs import a_pack
from weir.contracts import Event, Session
from weir.contracts.fast import encode
from weir.settings import Settings

TODAY = load_packs()
RULE: dict[str, Any] = {
    "id": "mine/many",
    "category": "scraper",
    "reason": "Asks for much in a short time.",
    "weight": 0.5,
    "conditions": [{"measure": "events", "at_least": 5}],
    "match": [{"measures": {"events": 9}}],
    "no_match": [{"measures": {"events": 1}}],
}


def proposed(*entries: dict[str, Any], **head: Any) -> Patterns:  # noqa: ANN401 -- any field
    return Patterns([*TODAY.packs, a_pack(*entries, **head)])


def simulated(today: Patterns, other: Patterns, *urls: tuple[str, str]) -> Simulation:
    both = Both(today, other)
    work = Simulation(both)
    fold(both, work.take, *urls)
    return work


def fold(patterns: Any, take: Any, *urls: tuple[str, str]) -> None:  # noqa: ANN401 -- as `Sessions` has them
    sessions = Sessions(Resources.from_settings(Settings()), patterns, take)
    for at, (visitor, url) in enumerate(urls):
        event = Event(event_id=f"e{at}", visitor_id=visitor, type="page_view", ts=float(at), url=url)
        sessions.read(Line("test", at + 1, visitor.encode(), encode(event), float(at)))
    sessions.finish()


def test_it_says_which_sessions_would_be_flagged_or_let_go_by_which_rules_and_on_which_strings() -> None:
    urls = [("ann", "/export/all"), ("ben", "/shoes"), ("ann", "/shoes"), ("cy", "/?q=<script>alert(1)</script>")]
    work = simulated(TODAY, proposed({}), *urls)
    (change,) = work.changes
    assert work.sessions == 3
    assert (change.visitor_id, change.before, change.after) == ("ann", "allow", "throttle")
    assert (change.rules, change.samples, change.kind) == (("mine/export",), ("/export/all",), "newly flagged")
    (back,) = simulated(proposed({}), TODAY, *urls).changes
    assert (back.visitor_id, back.kind) == ("ann", "no longer flagged")
    assert work.by_rule == {("mine/export", "newly flagged"): 1}


def test_rules_over_sessions_are_simulated_too() -> None:
    work = simulated(TODAY, proposed(rules=[RULE]), *[("ann", f"/shoes/{at}") for at in range(6)], ("ben", "/shoes"))
    assert [(change.visitor_id, change.rules) for change in work.changes] == [("ann", ("mine/many",))]


def test_a_rule_in_shadow_changes_no_verdict_and_is_counted() -> None:
    work = simulated(TODAY, proposed({"shadow": True}), ("ann", "/export/all"), ("ben", "/shoes"))
    assert not work.changes
    assert work.shadowed == {"mine/export": 1}


def test_both_sides_see_what_each_would_have_seen_alone() -> None:
    urls = [("ann", "/export/all"), ("ben", "/?q=1' or '1'='1"), ("ann", "/export/all?id=1 union select 2")]
    other = proposed({})
    alone: list[list[Session]] = [[], []]
    for patterns, found in zip((TODAY, other), alone, strict=True):
        fold(patterns, found.append, *urls)
    together: list[Session] = []
    fold(Both(TODAY, other), together.append, *urls)
    for mark, sessions in zip(("0/", "1/"), alone, strict=True):
        seen = [{name[2:] for name in one.heuristics if name.startswith(mark)} for one in together]
        assert seen == [set(one.heuristics) for one in sessions]
