"""Budgets as a YAML file has them, checked."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rules.document import Document, Strict, as_tuple, read_document, validate
from rules.limits.budgets import Budget, Budgets
from rules.problems import Problem, RulesError

Amount = Annotated[float, Field(gt=0, le=1e9)]
Cost = Annotated[float, Field(ge=0, le=1e6)]


class BudgetEntry(Strict):
    """One budget."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    kind: Literal["visitor", "address"]
    """Whose budget it is."""
    capacity: Amount
    """What may be spent at once."""
    refill_per_s: Amount
    """What comes back a second."""
    recovery_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Part of the capacity that must have come back before a crossed limit lets anything through again."""
    costs: Annotated[dict[str, Cost], Field(default_factory=dict)]
    """Cost of an event by its type."""
    default_cost: Cost = 1.0
    """Cost of an event of any other type."""
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    """For a person: what it means to be over it."""


class BudgetsFile(Strict):
    """A file of budgets."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    budgets: Annotated[tuple[BudgetEntry, ...], BeforeValidator(as_tuple)]


def read_budgets(path: Path | None = None) -> Budgets:
    """The budgets of a file; the shipped ones without one.

    Raises:
        RulesError: the file can't be read, or is refused.
    """
    read = check_budgets(path)
    if isinstance(read, list):
        raise RulesError(read)
    return read


def check_budgets(path: Path | None = None) -> Budgets | list[Problem]:
    """The budgets of a file, or everything that is wrong with it."""
    document = read_document(path or resources.files("rules.limits") / "default.yaml")
    if isinstance(document, Problem):
        return [document]
    checked = validate(BudgetsFile, document)
    if isinstance(checked, list):
        return checked
    problems = _contradictions(document, checked)
    if problems:
        return problems
    budgets = [Budget(**entry.model_dump(), version=checked.version) for entry in checked.budgets]
    return Budgets(
        version=checked.version,
        visitor=tuple(budget for budget in budgets if budget.kind == "visitor"),
        address=tuple(budget for budget in budgets if budget.kind == "address"),
    )


def _contradictions(document: Document, checked: BudgetsFile) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, entry in enumerate(checked.budgets):
        place = ("budgets", number)
        if entry.id in seen:
            problems.append(
                document.problem(f"{entry.id} is given twice.", "Give each budget its own id.", *place, "id")
            )
        seen.add(entry.id)
        level = entry.capacity * entry.recovery_share
        dearest = max([entry.default_cost, *entry.costs.values()])
        if dearest > level:
            problems.append(
                document.problem(
                    f"{entry.id}: an event may cost {dearest:g}, and only {level:g} have come back when it recovers.",
                    "Raise capacity or recovery_share, or lower the cost.",
                    *place,
                )
            )
        if dearest == 0:
            problems.append(document.problem(f"{entry.id} can never be crossed: all is free.", "Give a cost.", *place))
    return problems
