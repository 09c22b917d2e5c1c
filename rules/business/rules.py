"""The last word: which business rule decides about a session, if any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rules.business.conditions import Context, PrecedingVerdict, When, Who
from rules.business.entries import (
    ALLOW_PRIORITY,
    DENY_PRIORITY,
    BusinessRuleEntry,
    CeilingEntry,
    Dated,
    ListEntry,
    VerdictThresholds,
)
from rules.business.files import Loaded, check_business_rules
from rules.judgement import STRENGTH
from rules.problems import refuse_errors
from weir.contracts.flag import Reason, Stage, Verdict
from weir.contracts.session import Session
from weir.networks import Network, Networks


@dataclass(frozen=True, slots=True)
class Override:
    """A rule's verdict in place of the cascade's, and the rules that did it."""

    verdict: Verdict
    reasons: tuple[Reason, ...]


class Rule(Dated):
    """A rule or an entry of a list, ready to be evaluated."""

    priority: int
    weight: float = 1.0
    when: Who
    unless: When | None = None
    then: Verdict | None = None
    thresholds: VerdictThresholds | None = None

    def verdict(self, preceding: PrecedingVerdict, context: Context) -> Verdict | None:
        """Its verdict on a session; None if it does not hold."""
        if not self._holds(preceding, context):
            return None
        if self.thresholds is None:
            return self.then
        if preceding.score is None or not (preceding.stage == "model" or preceding.verdict == "allow"):
            return None
        return self.thresholds.verdict_of(preceding.score)

    def _holds(self, preceding: PrecedingVerdict, context: Context) -> bool:
        if isinstance(self.when, When):
            held = self.when.holds(preceding, context)
        else:
            held = self.when.holds_for(preceding.session, context)
        return held and (self.unless is None or not self.unless.holds(preceding, context))


class BusinessRules:
    """The rules of a file, in the order of evaluation: by priority, then as written."""

    def __init__(self, loaded: Loaded, networks: Sequence[Network] = ()) -> None:
        file = loaded.file
        self.version = file.version
        self.ceiling: CeilingEntry | None = file.ceiling
        listed = [_listed(entry, "allow", ALLOW_PRIORITY) for entry in file.allow if entry.enabled]
        listed += [_listed(entry, "block", DENY_PRIORITY) for entry in file.deny if entry.enabled]
        ruled = [_ruled(entry) for entry in file.rules if entry.enabled]
        self._rules = sorted([*listed, *ruled], key=lambda rule: -rule.priority)
        segments = {segment.id: segment.where for segment in file.segments}
        self._context = Context(segments, dict(loaded.ranges), Networks(networks))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All enabled rules, in the order of evaluation."""
        return tuple(self._rules)

    def apply(
        self, session: Session, verdict: Verdict, stage: Stage, now_s: float, score: float | None = None
    ) -> Override | None:
        """The verdict of the rules that hold with the greatest priority, or None where none does or changes anything.

        Pure: `now_s` decides about expiry, the session's own time about hours.
        """
        today = datetime.fromtimestamp(now_s, UTC).date()
        preceding = PrecedingVerdict(session, verdict, stage, score)
        votes: defaultdict[Verdict, list[Rule]] = defaultdict(list)
        priority: int | None = None
        for rule in self._rules:
            if priority is not None and rule.priority < priority:
                break
            given = rule.verdict(preceding, self._context) if rule.is_in_force(today, session.end) else None
            if given is not None:
                priority = rule.priority
                votes[given].append(rule)
        if not votes:
            return None
        # max gives the first of equals: the milder one.
        found = max(
            (verdict for verdict in STRENGTH if verdict in votes),
            key=lambda verdict: sum(rule.weight for rule in votes[verdict]),
        )
        if found == verdict and all(rule.thresholds is not None for rule in votes[found]):
            return None
        reasons = (
            Reason(id=rule.id, version=self.version, text=f"{rule.reason} ({rule.owner})") for rule in votes[found]
        )
        return Override(found, tuple(reasons))


def load_business_rules(path: Path | None = None, networks: Sequence[Network] | None = None) -> BusinessRules:
    """The business rules of a YAML file; the shipped ones without one.

    Args:
        path: The file.
        networks: The limits' file's, to which rules refer by name; without, names are not looked at.

    Raises:
        RulesError: the file can't be read, or is refused; the error lists all problems.
    """
    loaded, problems = check_business_rules(path, networks)
    refuse_errors(problems)
    if loaded is None:
        raise AssertionError("what is refused has errors")
    return BusinessRules(loaded, networks or ())


def _listed(entry: ListEntry, then: Verdict, priority: int) -> Rule:
    header = {name: value for name, value in entry if name != "who"}
    return Rule.model_construct(**header, when=entry.who, then=then, priority=priority)


def _ruled(entry: BusinessRuleEntry) -> Rule:
    return Rule.model_construct(**dict(entry))
