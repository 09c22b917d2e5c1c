from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.document import parse_document
from rules.heuristics.evidence import evidence, verdict_of
from rules.heuristics.pack import DECODERS, Pack, examine, parse_pack, read_pack
from rules.heuristics.patterns import SHIPPED
from rules.problems import RulesError

FILES = sorted(SHIPPED.glob("*.yaml"))
ENTRY: dict[str, Any] = {
    "id": "mine/export",
    "category": "scraper",
    "reason": "Fetches what no page links to.",
    "field": "path",
    "weight": 0.7,
    "regex": "^/export",
    "match": ["/export/all"],
    "no_match": ["/products"],
}


def text(*entries: dict[str, Any], **changed: Any) -> str:  # noqa: ANN401 -- any field
    head = {"pack": "mine", "version": "1", "owner": "shop", "description": "Ours.", "patterns": list(entries)}
    return yaml.safe_dump(head | changed, sort_keys=False)


def problems(written: str) -> list[str]:
    return [str(problem) for problem in examine(parse_document("mine.yaml", written))[1]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_pack_is_well_and_tells_of_itself(file: Path) -> None:
    pack = read_pack(file)
    assert pack.name == file.stem
    assert len({entry.id for entry in pack.patterns}) == len(pack.patterns)
    for entry in pack.patterns:
        assert entry.id.startswith(f"{pack.name}/")
        assert entry.field in DECODERS
        assert entry.reason.endswith(".")
        assert 0 <= entry.weight < 1, "certainty would silence every other sign"
        assert (
            entry.weight > 0
            or entry.is_oversized
            or any(
                one.category == entry.category or one.pattern == entry.id
                for rule in pack.rules
                for one in rule.conditions
            )
        ), "a sign without weight is there for a rule"


def test_every_starting_pack_is_shipped() -> None:
    assert {file.stem for file in FILES} == {
        *("behaviour", "injection", "oversized", "referrers", "scanners", "spam-text", "user-agents")
    }


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (ENTRY | {"regex": "(?=x)"}, "can't compile"),
        (ENTRY | {"regex": r"(a)\1"}, "can't compile"),
        (ENTRY | {"match": ["/products"]}, "does not match its example '/products'"),
        (ENTRY | {"no_match": ["/%65xport"]}, "matches its example '/%65xport'"),
        (ENTRY | {"match": []}, "match"),
        (ENTRY | {"weight": 1.5}, "weight"),
        (ENTRY | {"weight": float("nan")}, "weight"),
        (ENTRY | {"field": "body"}, "field"),
        (ENTRY | {"reason": "bad"}, "reason"),
        (ENTRY | {"regexp": "x"}, "Did you mean regex?"),
        (ENTRY | {"regex": "a" * 5_000}, "regex"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_told_with_its_line(entry: dict[str, Any], told: str) -> None:
    found = problems(text(entry))
    assert any(told in problem and problem.startswith("mine.yaml:") for problem in found), found


def test_an_id_may_stand_only_once() -> None:
    assert "given twice" in problems(text(ENTRY, ENTRY))[0]


def test_everything_is_told_at_once() -> None:
    with pytest.raises(RulesError, match="2 problems"):
        parse_pack("mine.yaml", text(ENTRY | {"regex": "("}, ENTRY | {"id": "mine/two", "match": ["/x"]}))


def version(pack: Pack) -> str:
    return pack.version


def test_a_changed_pack_has_another_version_even_if_nobody_thought_of_it() -> None:
    same = parse_pack("a.yaml", text(ENTRY)), parse_pack("b.yaml", text(ENTRY | {"owner": "somebody"}))
    changed = parse_pack("a.yaml", text(ENTRY | {"weight": 0.6}))
    assert version(same[0]) == version(same[1]) != version(changed)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_pack_is_the_same_when_it_is_read_from_what_it_publishes(file: Path) -> None:
    pack = read_pack(file)
    again = parse_pack(f"{pack.name}.yaml", pack.source)
    assert (again.name, again.version) == (pack.name, pack.version)
    assert [entry.regex for entry in again.patterns] == [entry.regex for entry in pack.patterns]


def test_evidence_adds_up_to_the_chance_that_one_sign_is_right() -> None:
    assert evidence([]) == 0.0
    assert evidence([0.5, 0.5]) == 0.75
    assert evidence([0.5, 0.5]) == evidence(reversed([0.5, 0.5]))
    assert [verdict_of(value) for value in (0.49, 0.5, 0.7, 0.9)] == ["allow", "review", "throttle", "block"]
