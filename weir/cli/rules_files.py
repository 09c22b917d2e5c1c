"""Shared by the commands of `weir rules`: their files, and the packs in force."""

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
"""Most characters of a text in a table."""


def today() -> date:
    """In UTC."""
    return datetime.now(UTC).date()


def patterns_of(settings: Settings, more: Iterable[Path] = ()) -> Patterns:
    """The patterns of the packs in the settings; packs in `more` replace those of the same name."""
    return load_packs([*settings.pack_files, *more], today(), settings.paranoia_level)


def packs_of(settings: Settings) -> list[Pack]:
    """The packs in the settings, with expired ones."""
    found = {}
    for file in [*sorted(SHIPPED.glob("*.yaml")), *settings.pack_files]:
        pack = read_pack(file, settings.paranoia_level)
        found[pack.name] = pack
    return list(found.values())


def replaced(packs: Iterable[Pack], files: Iterable[Path], level: int) -> Patterns:
    """The patterns of packs, after the files' packs replaced those of the same name.

    Raises:
        RulesError: a file is refused.
        UsageError: a file does not exist.
    """
    named = list(files)
    must_be_files(named)
    found = {pack.name: pack for pack in packs}
    for file in named:
        pack = read_pack(file, level)
        found[pack.name] = pack
    return Patterns(list(found.values()), today())


def must_be_files(files: Iterable[Path]) -> None:
    """Checks that all files exist.

    Raises:
        UsageError: a file does not exist.
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
    show([asdict(problem) for problem in problems], columns, as_json=as_json, empty="There are no problems.")
    count = sum(problem.severity == "error" or not passes_warnings for problem in problems)
    if count:
        many = "One problem" if count == 1 else f"{count} problems"
        raise WorkError(f"{many} in the rules.", "Fix them, and check again.")


def cut(text: str) -> str:
    """A text for a table: on one line, and not longer than `SHOWN`."""
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else f"{flat[: SHOWN - 1]}…"
