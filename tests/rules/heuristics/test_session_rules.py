from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cascade import heuristics
from rules.heuristics.conditions import SessionFacts
from rules.heuristics.evidence import Sign, evidence, grouped_evidence
from rules.heuristics.judging import collect_evidence
from rules.heuristics.pack import parse_pack
from rules.heuristics.patterns import Patterns
from rules.measures import MEASURES
from tests.rules.heuristics.test_pack import ENTRY, problems, text
from weir.contracts import Session

RULE: dict[str, Any] = {
    "id": "mine/guesses",
    "category": "probe",
    "reason": "Most of what it asks for is not there.",
    "weight": 0.6,
    "conditions": [{"measure": "responses", "at_least": 20}, {"measure": "share_4xx", "at_least": 0.5}],
    "match": [{"measures": {"responses": 30, "share_4xx": 0.9}}],
    "no_match": [{"measures": {"responses": 30, "share_4xx": 0.1}}, {}],
}
_numbers = count()


def pack_of(*rules: dict[str, Any], patterns: tuple[dict[str, Any], ...] = (ENTRY,), **changed: Any) -> Patterns:  # noqa: ANN401
    return Patterns([parse_pack("mine.yaml", text(*patterns, rules=list(rules), **changed))])


def session(**changed: Any) -> Session:  # noqa: ANN401 -- any field
    """A session with what is given, and nothing else of note."""
    texts = dict.fromkeys(("entry_url", "exit_url", "referrer", "user_agent", "ip", "merged_into"))
    counts = ("bytes", "distinct_urls", "repeats", "page_views", "clicks", "searches", "carts", "purchases")
    numbers = dict.fromkeys((*counts, "items_dropped", "rate_limited"), 0)
    ratios = dict.fromkeys(("duration_s", "click_through", "cart_rate", "conversion"), 0.0)
    lists: dict[str, Any] = {name: [] for name in ("account_ids", "items", "texts")}
    maps: dict[str, Any] = {name: {} for name in ("counts", "statuses", "methods", "revenue", "heuristics")}
    base = {"session_id": "s", "visitor_id": "v", "start": 0.0, "end": 0.0, "revision": 1, "final": False}
    fields: dict[str, Any] = {**texts, **numbers, **ratios, **lists, **maps, **base, "split": False, "gaps": None}
    return Session.model_validate(fields | {"events": 1} | changed)


def test_a_rule_holds_by_what_the_session_has_done() -> None:
    patterns = pack_of(RULE)
    guessing = session(events=30, statuses={"4xx": 28, "2xx": 2})
    assert [sign.id for sign in collect_evidence(guessing, patterns).signs] == ["mine/guesses"]
    assert heuristics(guessing, patterns).verdict == "review"
    assert collect_evidence(session(events=30, statuses={"4xx": 2, "2xx": 28}), patterns).verdict == "allow"


def test_what_is_not_known_of_a_session_fulfils_no_bound() -> None:
    patterns = pack_of(RULE | {"conditions": [{"measure": "share_4xx", "at_most": 1}], "no_match": [{}]})
    assert collect_evidence(session(events=30), patterns).signs == ()


def test_a_combination_needs_so_many_of_its_reasons() -> None:
    two_of_three = RULE | {
        "conditions": [
            {"pattern": "mine/export"},
            {"measure": "gap_variation", "at_most": 0.1},
            {"category": "asset", "at_most": 0},
        ],
        "needs": 2,
        "match": [{"patterns": ["mine/export"]}, {"measures": {"gap_variation": 0.05}}],
        "no_match": [{"categories": {"asset": 3}, "measures": {"gap_variation": 0.05}}],
    }
    patterns = pack_of(two_of_three)
    once = {"mine/export": {"hits": 1, "version": "1"}}
    assert [sign.id for sign in collect_evidence(session(heuristics=once), patterns).signs] == [
        "mine/export",
        "mine/guesses",
    ]
    assert collect_evidence(session(), patterns).signs == ()


def test_what_is_in_shadow_is_shown_and_decides_nothing() -> None:
    patterns = pack_of(RULE | {"shadow": True}, patterns=(ENTRY | {"weight": 0.5},))
    seen = session(events=30, statuses={"4xx": 30}, heuristics={"mine/export": {"hits": 1, "version": "1"}})
    heard = collect_evidence(seen, patterns)
    assert (heard.verdict, heard.evidence) == ("review", 0.5)
    assert [sign.id for sign in heard.shadow] == ["mine/guesses"]
    assert (heard.shadow_verdict, heard.shadow_evidence) == ("throttle", 0.8)


def test_a_sign_without_weight_is_no_reason() -> None:
    patterns = pack_of(patterns=(ENTRY | {"weight": 0.0},))
    assert collect_evidence(session(heuristics={"mine/export": {"hits": 9, "version": "1"}}), patterns).signs == ()


@pytest.mark.parametrize("kind", ["patterns", "rules"])
def test_what_has_expired_when_the_session_ends_is_no_evidence(kind: str) -> None:
    expires = {"expires": "1970-01-02"}
    patterns = pack_of(
        *((RULE | expires,) if kind == "rules" else ()), patterns=(ENTRY | expires,) if kind == "patterns" else ()
    )
    noted = {"mine/export": {"hits": 1, "version": "1"}}
    for end, told in ((86_399.0, 1), (86_400.0, 0)):
        assert (
            len(collect_evidence(session(end=end, events=30, statuses={"4xx": 30}, heuristics=noted), patterns).signs)
            == told
        )


def test_of_one_group_only_the_strongest_counts() -> None:
    def sign(weight: float, group: str | None) -> Sign:
        return Sign(str(next(_numbers)), "1", weight, group, "Because.")

    signs = [sign(0.75, "name"), sign(0.7, "name"), sign(0.5, None), sign(0.2, "other")]
    assert grouped_evidence(signs) == evidence([0.75, 0.5, 0.2])
    assert grouped_evidence(reversed(signs)) == grouped_evidence(signs)


@given(st.permutations(["aaa", "bbb", "ccc"]))
def test_the_order_of_packs_and_rules_does_not_matter(names: list[str]) -> None:
    packs = {
        name: parse_pack(
            f"{name}.yaml",
            text(
                ENTRY | {"id": f"{name}/export"},
                pack=name,
                rules=[RULE | {"id": f"{name}/guesses", "weight": 0.3}, RULE | {"id": f"{name}/more", "weight": 0.11}],
            ),
        )
        for name in sorted(names)
    }
    seen = session(
        events=30,
        statuses={"4xx": 30},
        heuristics={f"{name}/export": {"hits": 1, "version": "1"} for name in reversed(names)},
    )
    assert collect_evidence(seen, Patterns([packs[name] for name in names])) == collect_evidence(
        seen, Patterns(list(packs.values()))
    )


@given(
    st.fixed_dictionaries(
        {
            "events": st.integers(1, 100),
            "statuses": st.dictionaries(st.sampled_from(["2xx", "4xx", "5xx"]), st.integers(0, 9)),
            "methods": st.dictionaries(st.sampled_from(["GET", "HEAD"]), st.integers(0, 9)),
            "duration_s": st.floats(0, 1e5),
            "gaps": st.none()
            | st.just({"mean": 0.0, "standard_deviation": 0.0, "minimum": 0.0, "maximum": 0.0})
            | st.just({"mean": 5.0, "standard_deviation": 1.0, "minimum": 3.0, "maximum": 6.0}),
        }
    )
)
def test_every_measure_has_a_value_or_none_for_every_session(fields: dict[str, Any]) -> None:
    facts = SessionFacts(session(**fields), lambda _pattern: None)
    for name in MEASURES:
        value = facts.measure(name)
        assert value is None or value >= 0


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (RULE | {"conditions": [{"measure": "mood", "at_least": 1}]}, "measure"),
        (RULE | {"conditions": [{"measure": "events"}]}, "needs at_least or at_most"),
        (RULE | {"conditions": [{"measure": "events", "pattern": "a/b", "at_least": 1}]}, "names one of"),
        (RULE | {"conditions": [{"measure": "events", "at_least": 2, "at_most": 1}]}, "more than at_most"),
        (RULE | {"needs": 3}, "needs 3 of 2"),
        (RULE | {"match": [{}]}, "does not hold for its example 1"),
        (RULE | {"no_match": [{"measures": {"responses": 30, "share_4xx": 0.9}}]}, "holds for its example 1"),
        (RULE | {"id": "mine/export"}, "given twice"),
        (RULE | {"level": 5}, "level"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_line(rule: dict[str, Any], told: str) -> None:
    found = problems(text(ENTRY, rules=[rule]))
    assert any(told in problem and problem.startswith("mine.yaml:") for problem in found), found


def test_examples_are_tried_even_where_the_form_of_other_entries_is_wrong() -> None:
    found = problems(
        text(ENTRY | {"weight": 9}, ENTRY | {"id": "mine/two", "match": ["/x"]}, rules=[RULE | {"match": [{}]}])
    )
    assert len(found) == 3, found


def test_a_level_decides_what_is_in_force_and_the_version_tells() -> None:
    written = text(ENTRY, ENTRY | {"id": "mine/eager", "level": 2})
    low, high = (parse_pack("mine.yaml", written, level) for level in (1, 2))
    assert [len(Patterns([pack]).ids) for pack in (low, high)] == [1, 2]
    assert low.version != high.version
    assert parse_pack("mine.yaml", high.source).version == high.version
    assert parse_pack("mine.yaml", text(ENTRY, level=1), level=4).level == 1


LISTED: dict[str, Any] = {name: value for name, value in ENTRY.items() if name != "regex"} | {
    "field": "referrer",
    "match": ["https://www.spam.example/a?b", "spam.example"],
    "no_match": ["https://notspam.example/", "https://good.example/?from=spam.example", "https://spam.example.org/"],
}


def test_domains_are_matched_with_all_of_their_subdomains_and_nothing_else() -> None:
    patterns = pack_of(patterns=(LISTED | {"domains": ["spam.example", "Other.Example"]},))
    for referrer in (
        "http://x.y.spam.example:80/",
        "//spam.example",
        "https://ann@other.example./",
        "HTTPS://SPAM.EXAMPLE",
    ):
        assert patterns.match_field("referrer", referrer), referrer
    for referrer in (
        "https://other.example.evil.example2/",
        "https://a.example/spam.example",
        "https://otherxexample/",
    ):
        assert not patterns.match_field("referrer", referrer), referrer


def test_a_list_of_domains_beside_a_pack_travels_with_it(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# ours\nspam.example  # since May\n\nspam.example\nmore.example\n")
    written = text(LISTED | {"domains_file": "list.txt"})
    pack = parse_pack(str(tmp_path / "mine.yaml"), written)
    assert pack.patterns[0].domains == ("spam.example", "more.example")
    assert parse_pack("elsewhere.yaml", pack.source).version == pack.version
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe")
    assert any("no UTF-8" in str(problem) for problem in _problems_beside(tmp_path, written))
    (tmp_path / "list.txt").unlink()
    assert any("can't be read" in str(problem) for problem in _problems_beside(tmp_path, written))


def _problems_beside(folder: Path, written: str) -> list[str]:
    from rules.document import parse_document  # noqa: PLC0415 -- here alone
    from rules.heuristics.pack import examine  # noqa: PLC0415 -- likewise

    return [str(problem) for problem in examine(parse_document(str(folder / "mine.yaml"), written))[1]]
