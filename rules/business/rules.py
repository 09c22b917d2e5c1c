"""The last word: which business rule decides about a session, if any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rules.business.files import RuleEntry, RulesFile, check_business_rules
from rules.problems import RulesError
from weir.contracts.flag import Reason, Stage, Verdict
from weir.contracts.session import Session


@dataclass(frozen=True, slots=True)
class Override:
    """A rule's verdict in place of the cascade's, and the rule that did it."""

    verdict: Verdict
    reasons: tuple[Reason, ...]


class BusinessRules:
    """The rules of a file, in the order in which they are asked: by priority, then as written."""

    def __init__(self, file: RulesFile) -> None:
        self.version = file.version
        enabled = [rule for rule in file.rules if rule.enabled]
        self._rules = sorted(enabled, key=lambda rule: -rule.priority)

    @property
    def rules(self) -> tuple[RuleEntry, ...]:
        """All that are enabled, in the order in which they are asked."""
        return tuple(self._rules)

    def apply(
        self, session: Session, verdict: Verdict, stage: Stage, now_s: float, score: float | None = None
    ) -> Override | None:
        """The verdict of the first rule that holds, or None where none does. Pure: `now_s` decides about expiry."""
        today = datetime.fromtimestamp(now_s, UTC).date()
        for rule in self._rules:
            if (rule.expires and rule.expires <= today) or (rule.added and rule.added > today):
                continue
            if rule.when.holds(session, verdict, stage, score):
                reason = Reason(id=rule.id, version=self.version, text=f"{rule.reason} ({rule.owner})")
                return Override(rule.then, (reason,))
        return None


def load_business_rules(path: Path | None = None) -> BusinessRules:
    """The business rules of a YAML file; the shipped ones without one.

    Raises:
        RulesError: the file can't be read, or is refused; it says everything that is wrong.
    """
    file, problems = check_business_rules(path)
    if file is None:
        raise RulesError(problems)
    return BusinessRules(file)
