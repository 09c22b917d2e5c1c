"""What an edit of the business rules changes: last verdicts of the same sessions under both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.judgement import STRENGTH
from weir.contracts.flag import Flag, Stage, Verdict


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """A session's last verdict, and the rules that decided it."""

    visitor_id: str
    verdict: Verdict
    stage: Stage
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BusinessVerdictChange:
    """A session whose last verdict is another one."""

    session_id: str
    visitor_id: str
    before: Verdict
    after: Verdict
    by: tuple[str, ...]
    """The rules that decide now; if there are none any more, those that decided before."""

    @property
    def kind(self) -> str:
        """`newly flagged`, `no longer flagged`, `stronger` or `milder`."""
        if self.before == "allow":
            return "newly flagged"
        if self.after == "allow":
            return "no longer flagged"
        rises = STRENGTH[self.after] > STRENGTH[self.before]
        return "stronger" if rises else "milder"


class Standings:
    """The last flag of each session; a session without one is allowed."""

    def __init__(self) -> None:
        self._last: dict[str, LastVerdict] = {}

    def take(self, flag: Flag) -> None:
        """Takes the next flag, in the order of publishing."""
        reasons = tuple(reason.id for reason in flag.reasons)
        self._last[flag.session_id] = LastVerdict(flag.visitor_id, flag.verdict, flag.stage, reasons)

    @property
    def by_session(self) -> Mapping[str, LastVerdict]:
        """Session id to its last flag."""
        return self._last

    def verdicts(self) -> Counter[str]:
        """How many sessions have which last verdict; those without a flag are not among them."""
        return Counter(standing.verdict for standing in self._last.values())


def changes(
    before: Standings, after: Standings, freed_by: Callable[[str, LastVerdict], tuple[str, ...]] = lambda *_: ()
) -> Iterator[BusinessVerdictChange]:
    """Sessions whose last verdict differs, in the order of their ids.

    A session that was never flagged has no flag that would name the rule which saw to that: `freed_by` may.
    """
    old, new = before.by_session, after.by_session
    for session_id in sorted(old.keys() | new.keys()):
        was, now = old.get(session_id), new.get(session_id)
        before_verdict: Verdict = was.verdict if was else "allow"
        after_verdict: Verdict = now.verdict if now else "allow"
        if before_verdict != after_verdict:
            decisive = now if now is not None else was
            if decisive is not None:
                by = freed_by(session_id, decisive) if now is None else ()
                yield BusinessVerdictChange(
                    session_id, decisive.visitor_id, before_verdict, after_verdict, by or _by(decisive)
                )


def by_rule(found: Sequence[BusinessVerdictChange]) -> Counter[tuple[str, str]]:
    """How many changes each rule, stage or pattern brought about, by kind."""
    return Counter((change.by[0], change.kind) for change in found if change.by)


def _by(standing: LastVerdict) -> tuple[str, ...]:
    return standing.reasons or (standing.stage,)
