"""What the commands of `weir rules` share: their files, and the packs in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

from rules.heuristics.pack import Pack, read_pack
from rules.heuristics.patterns import SHIPPED, Patterns, load_packs
from rules.problems import Problem
from weir.cli.output import show
from weir.errors import UsageError, WorkError
from weir.settings import Settings

SHOWN = 80
"""Characters of a text that a table shows."""


def today() -> date:
    """In UTC."""
    return datetime.now(UTC).date()


def patterns_of(settings: Settings, more: Iterable[Path] = ()) -> Patterns:
    """The packs that the settings name, and more that take the place of those of the same name."""
    return load_packs([*settings.pack_files, *more], today(), settings.paranoia_level)


def packs_of(settings: Settings) -> list[Pack]:
    """The packs that the settings name, whether expired or not."""
    found = {}
    for file in [*sorted(SHIPPED.glob("*.yaml")), *settings.pack_files]:
        pack = read_pack(file, settings.paranoia_level)
        found[pack.name] = pack
    return list(found.values())


def replaced(packs: Iterable[Pack], files: Iterable[Path], level: int) -> Patterns:
    """Packs, of which those of the files take the place of those of the same name.

    Raises:
        RulesError: a file is refused.
        UsageError: it is not there.
    """
    named = list(files)
    must_be_files(named)
    found = {pack.name: pack for pack in packs}
    for file in named:
        pack = read_pack(file, level)
        found[pack.name] = pack
    return Patterns(list(found.values()), today())


def must_be_files(files: Iterable[Path]) -> None:
    """Passes if all are there.

    Raises:
        UsageError: one is not.
    """
    for file in files:
        if not file.is_file():
            problem = "is a directory" if file.is_dir() else "does not exist"
            raise UsageError(f"{file} {problem}.", "Name an existing file of rules.")


def show_problems(problems: Sequence[Problem], *, as_json: bool, passes_warnings: bool = False) -> None:
    """Prints the problems of files of rules, each with its line and a hint.

    Raises:
        WorkError: there is a problem; warnings alone may pass.
    """
    columns = ("severity", "file", "line", "message", "hint")
    show([asdict(problem) for problem in problems], columns, as_json=as_json, empty="Nothing is wrong.")
    count = sum(problem.severity == "error" or not passes_warnings for problem in problems)
    if count:
        many = "One problem" if count == 1 else f"{count} problems"
        raise WorkError(f"{many} in the rules.", "Fix them, and check again.")


def cut(text: str) -> str:
    """A text as a table shows it: on one line, not too long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else f"{flat[: SHOWN - 1]}…"
