"""What is wrong with rule files: everything at once, each with file, line and a hint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from weir.errors import SettingsError

SHOWN = 50
"""Problems that an error's text lists; `RulesError.problems` has them all."""
LONGEST = 500
"""Characters of a message or a hint that are shown."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file."""

    file: str
    line: int
    """From 1; 0 when it concerns the file as a whole."""
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    """A file with a warning is loaded; the part that the warning is about is left out, or is suspicious."""

    def __post_init__(self) -> None:
        for name in ("message", "hint"):
            object.__setattr__(self, name, printed(getattr(self, name)))

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" + (f" {self.hint}" if self.hint else "")


def printed(text: str) -> str:
    """A text on one line of a terminal: what a file holds may be long, or control characters."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in shown)


class RulesError(SettingsError):
    """Rule files that can't be loaded."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = sorted(problems)
        shown = [str(problem) for problem in self.problems[:SHOWN]]
        more = len(self.problems) - len(shown)
        what = "One problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        text = "\n".join([f"{what} in the rules:", *shown, *([f"and {more} more."] if more else [])])
        super().__init__(text, "`weir rules check FILE` shows them again after a change.")


def refuse_errors(problems: Iterable[Problem]) -> None:
    """Raises if there are errors among the problems.

    Raises:
        RulesError: There are errors. It holds the errors without the warnings.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise RulesError(errors)
