"""Business rules as a YAML file has them, checked: what contradicts or can never fire is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

from rules.business.checks import problems_of_rules
from rules.business.entries import RulesFile
from rules.document import Document, read_document, validate
from rules.kinds import another_kind
from rules.limits.ranges import read_ranges
from rules.problems import Problem
from weir.networks import Network


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file, and the networks in files that it names."""

    file: RulesFile
    ranges: Mapping[str, Sequence[str]] = field(default_factory=dict)


def check_business_rules(
    path: Path | None = None, networks: Sequence[Network] | None = None, today: date | None = None
) -> tuple[Loaded | None, list[Problem]]:
    """The rules of a file (the shipped ones without one), and everything that is wrong with it.

    With warnings alone they are there. `networks` are the limits' file's, to which rules refer by name; None: not
    looked at.
    """
    document = read_document(path or resources.files("rules.business") / "default.yaml")
    if isinstance(document, Problem):
        return None, [document]
    checked = another_kind(document, "business") or validate(RulesFile, document)
    if isinstance(checked, list):
        return None, checked
    ranges, problems = _ranges(document, checked, path.parent if path is not None else Path())
    problems += problems_of_rules(document, checked, today or datetime.now(UTC).date())
    if networks is not None:
        problems += _crawlers(document, checked, networks)
    problems = sorted(set(problems))
    is_refused = any(problem.severity == "error" for problem in problems)
    return (None if is_refused else Loaded(checked, ranges)), problems


def _ranges(document: Document, file: RulesFile, folder: Path) -> tuple[dict[str, list[str]], list[Problem]]:
    ranges: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for path, name in _named(file, "networks_file"):
        read = read_ranges(folder / name)
        if isinstance(read, str):
            problems.append(document.problem(read, "Its path counts from this file.", *path, "networks_file"))
        else:
            ranges[name] = read
    return ranges, problems


def _crawlers(document: Document, file: RulesFile, networks: Sequence[Network]) -> list[Problem]:
    known = {network.id for network in networks if network.treat == "crawler"}
    return [
        document.problem(
            f"The limits' file names no crawler {name}.",
            f"There are: {', '.join(sorted(known))}." if known else "It names none; the setting limits_file names it.",
            *path,
            "crawlers",
        )
        for path, names in _named(file, "crawlers")
        for name in names
        if name not in known
    ]


def _named(file: RulesFile, condition: str) -> list[tuple[tuple[str | int, ...], str]]:
    """Where a condition is given, and what."""
    places: list[tuple[tuple[str | int, ...], object]] = []
    for section, entries in (("allow", file.allow), ("deny", file.deny)):
        places += [((section, number, "who"), entry.who) for number, entry in enumerate(entries)]
    places += [(("segments", number, "where"), entry.where) for number, entry in enumerate(file.segments)]
    for number, rule in enumerate(file.rules):
        places += [(("rules", number, "when"), rule.when), (("rules", number, "unless"), rule.unless)]
    return [(path, getattr(who, condition)) for path, who in places if getattr(who, condition, None) is not None]
