"""Everything that is suspicious in packs which are well: they load, and their examples hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from rules.heuristics.cost import Costs
from rules.heuristics.counterexamples import excess_matches
from rules.heuristics.entries import PatternEntry, PatternField
from rules.heuristics.explain import texts_of
from rules.heuristics.own_pack_check import excess_problems
from rules.heuristics.pack import Pack
from rules.heuristics.patterns import Patterns
from rules.heuristics.reach import expired, known_names, unreachable
from rules.heuristics.shadowing import Shadow, Shadows
from rules.problems import Problem
from weir.contracts.event import Event

MOST_STRINGS = 20_000
"""Different strings of a field that are kept of a log."""


@dataclass
class LogMatches:
    """Figures of packs on a log: how often each pattern matched, and the strings that it matched."""

    patterns: Patterns
    """Those to be checked, among all in force."""
    events: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    seen: dict[PatternField, dict[str, None]] = field(default_factory=dict)
    """Decoded, by field."""

    def take(self, event: Event) -> None:
        """One event."""
        self.events += 1
        self.hits.update(self.patterns.match(event))
        for one in texts_of(event):
            kept = self.seen.setdefault(one.field, {})
            if len(kept) < MOST_STRINGS:
                kept[one.decoded] = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A pack and its file."""

    file: str
    pack: Pack


def check(
    files: Sequence[Checked], in_force: Iterable[Pack], today: date, log: LogMatches | None = None
) -> list[Problem]:
    """What is suspicious in the packs of the files, beside all that are in force; they take those of the same names.

    Args:
        files: The packs to be checked, each read from its file.
        in_force: All packs that they will stand beside.
        today: Decides what has expired.
        log: What their patterns did on a log, if there is one.
    """
    packs = {pack.name: pack for pack in in_force} | {one.pack.name: one.pack for one in files}
    every = [entry for pack in packs.values() for entry in pack.patterns_in_force]
    seen = log.seen if log is not None else {}
    shadows, costs = Shadows(every, seen), Costs(every, seen)
    ids, categories = known_names(packs.values())
    problems: list[Problem] = []
    for one in files:
        # Errors in any pack, since such patterns would flag people.
        problems += excess_problems(one.file, one.pack, excess_matches(one.pack.patterns_in_force))
        for entry in _own_patterns(one.pack):
            findings = [
                *expired(entry, today),
                *map(_shadowed, shadows.of(entry)),
                *_costly(entry, costs),
                *(_silent(entry, log) if log is not None else ()),
            ]
            problems += [_problem(one, entry.id, finding) for finding in findings]
        for rule in one.pack.rules_in_force:
            findings = [*expired(rule, today), *unreachable(rule, ids, categories)]
            problems += [_problem(one, rule.id, finding) for finding in findings]
    return sorted(problems)


def _own_patterns(pack: Pack) -> list[PatternEntry]:
    """Those that look at texts and stand in the file; who installs a list of crawlers can't mend it."""
    lines = pack.lines or {}
    return [entry for entry in pack.patterns_in_force if entry.id in lines and not entry.is_oversized]


def _shadowed(found: Shadow) -> tuple[str, str]:
    effect = "it never counts, for both are of one group" if found.never_counts else "it never flags alone"
    return (
        f"{found.pattern} is shadowed by {found.by}: {effect}.",
        f"All of {found.strings} strings that it matches are matched by that one. Take it out, or make it match more.",
    )


def _costly(entry: PatternEntry, costs: Costs) -> Iterator[tuple[str, str]]:
    cost = costs.of(entry)
    if cost.is_too_much:
        yield (
            f"{entry.id} costs more than its share: {cost.worst_us:.0f} µs on a long text.",
            f"That is {cost.worst_share:.0f} times what its neighbours cost; mind repeats of much, as in .{{0,200}}.",
        )


def _silent(entry: PatternEntry, log: LogMatches) -> Iterator[tuple[str, str]]:
    if not log.hits[entry.id]:
        yield (
            f"{entry.id} never fires on {log.events:,} events.",
            "Perhaps it is too narrow, or its texts are rare: `weir rules explain` shows the text that it sees.",
        )


def _problem(one: Checked, entry_id: str, finding: tuple[str, str]) -> Problem:
    return Problem(one.file, (one.pack.lines or {}).get(entry_id, 0), *finding, severity="warning")
