"""Business rules as a YAML file has them, checked: what contradicts or can never fire is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from rules.business.conditions import When, is_network
from rules.document import Document, Strict, as_date, as_tuple, read_document, validate
from rules.problems import Problem
from weir.contracts.flag import Verdict

Day = Annotated[date, BeforeValidator(as_date)]


class RuleEntry(Strict):
    """One rule."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,127}$")]
    owner: Annotated[str, Field(min_length=1, max_length=128)]
    """Who answers for it."""
    reason: Annotated[str, Field(min_length=8, max_length=300)]
    """For the person who reads the flag."""
    priority: int = 0
    """Of the rules that hold, the one with the greatest priority decides."""
    when: When
    then: Verdict
    added: Day | None = None
    expires: Day | None = None
    """From this day (UTC) on it is off."""
    enabled: bool = True


class RulesFile(Strict):
    """A file of business rules."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    rules: Annotated[tuple[RuleEntry, ...], BeforeValidator(as_tuple)]


def check_business_rules(path: Path | None = None) -> tuple[RulesFile | None, list[Problem]]:
    """The rules of a file (the shipped ones without one), and everything that is wrong with it."""
    document = read_document(path or resources.files("rules.business") / "default.yaml")
    if isinstance(document, Problem):
        return None, [document]
    checked = validate(RulesFile, document)
    if isinstance(checked, list):
        return None, checked
    problems = [*_each(document, checked), *_together(document, checked)]
    return (None if problems else checked), problems


def _each(document: Document, checked: RulesFile) -> Iterator[Problem]:
    for number, rule in enumerate(checked.rules):
        when = ("rules", number, "when")
        if not rule.when.model_fields_set:
            yield document.problem(f"{rule.id} has no condition: it would hold always.", "Say when it holds.", *when)
        for text in rule.when.networks or ():
            if not is_network(text):
                yield document.problem(f"{rule.id}: {text!r} is no network.", "Write 192.0.2.0/24.", *when, "networks")
        least, most = rule.when.at_least or {}, rule.when.at_most or {}
        for name in least.keys() & most.keys():
            if least[name] > most[name]:
                message = f"{rule.id} can never fire: {name} is at least {least[name]:g} and at most {most[name]:g}."
                yield document.problem(message, "Swap them.", *when, "at_least")
        if rule.expires and rule.added and rule.expires <= rule.added:
            yield document.problem(
                f"{rule.id} can never fire: it expires on {rule.expires}, and was added on {rule.added}.",
                "Give a later day.",
                *("rules", number, "expires"),
            )
        if rule.when.verdicts == (rule.then,):
            yield document.problem(
                f"{rule.id} changes nothing: it asks for the verdict that it gives.", "Leave it out.", *when
            )


def _together(document: Document, checked: RulesFile) -> Iterator[Problem]:
    ids: set[str] = set()
    before: list[RuleEntry] = []
    for number, rule in enumerate(checked.rules):
        place = ("rules", number)
        if rule.id in ids:
            yield document.problem(f"{rule.id} is given twice.", "Give each rule its own id.", *place, "id")
        ids.add(rule.id)
        for other in before if rule.enabled else ():
            if other.when != rule.when or _apart(other, rule):
                continue
            if other.priority == rule.priority and other.then != rule.then:
                message = f"{rule.id} says {rule.then} where {other.id} says {other.then}."
                yield document.problem(message, "Give one a greater priority, or other conditions.", *place)
            else:
                message = f"{rule.id} and {other.id} have the same conditions: one of them can never decide."
                yield document.problem(message, "Keep one.", *place)
        if rule.enabled:
            before.append(rule)


def _apart(one: RuleEntry, other: RuleEntry) -> bool:
    """Whether the two are never in force on the same day."""
    return bool(
        (one.expires and other.added and one.expires <= other.added)
        or (other.expires and one.added and other.expires <= one.added)
    )
