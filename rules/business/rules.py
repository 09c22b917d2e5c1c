"""Stand-in: no business rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from weir.contracts.flag import Reason, Stage, Verdict
from weir.contracts.session import Session


@dataclass(frozen=True)
class Override:
    """A rule's verdict in place of the cascade's."""

    verdict: Verdict
    reasons: tuple[Reason, ...]


class BusinessRules:
    """Rules that have the last word."""

    def apply(
        self, session: Session, verdict: Verdict, stage: Stage, now_s: float, score: float | None = None
    ) -> Override | None:
        """The override, if a rule holds."""
        return None


def load_business_rules(path: Path | None = None) -> BusinessRules:
    """The rules in a file."""
    return BusinessRules()
