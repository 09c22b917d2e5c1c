from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.limits.budgets import Budget
from rules.limits.files import check_budgets, read_budgets
from rules.problems import RulesError

ENTRY: dict[str, Any] = {
    "id": "burst",
    "kind": "visitor",
    "capacity": 60.0,
    "refill_per_s": 1.0,
    "reason": "Faster than people.",
}


def problems(file: Path, *entries: dict[str, Any]) -> list[str]:
    file.write_text(yaml.safe_dump({"version": "3", "budgets": list(entries)}))
    found = check_budgets(file)
    return [str(problem) for problem in found] if isinstance(found, list) else []


def test_the_shipped_budgets_are_well_for_visitors_and_addresses() -> None:
    budgets = read_budgets()
    assert budgets.visitor
    assert budgets.address


def test_budgets_are_read_with_the_files_version(tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    assert not problems(file, ENTRY, ENTRY | {"id": "logins", "kind": "address", "costs": {"login": 5.0}})
    budgets = read_budgets(file)
    assert budgets.visitor == (
        Budget(id="burst", kind="visitor", capacity=60.0, refill_per_s=1.0, reason="Faster than people.", version="3"),
    )
    assert [(budget.id, budget.costs) for budget in budgets.address] == [("logins", {"login": 5.0})]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"capacity": 0.0}, "capacity"),
        ({"capacity": float("inf")}, "capacity"),
        ({"refill_per_s": -1.0}, "refill_per_s"),
        ({"kind": "account"}, "kind"),
        ({"capacity": "sixty"}, "capacity"),
        ({"capacty": 1.0}, "Did you mean capacity?"),
        ({"recovery_share": 0.0}, "recovery_share"),
        ({"costs": {"login": 50.0}}, "an event may cost 50, and only 30 have come back"),
        ({"default_cost": 0.0}, "can never be crossed"),
    ],
)
def test_what_can_not_be_is_refused_with_its_line(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    found = problems(tmp_path / "limits.yaml", ENTRY | changed)
    assert any(told in problem and "limits.yaml:" in problem for problem in found), found


def test_an_id_may_stand_only_once(tmp_path: Path) -> None:
    assert "given twice" in problems(tmp_path / "limits.yaml", ENTRY, ENTRY)[0]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="can't be read"):
        read_budgets(tmp_path / "nobody.yaml")
