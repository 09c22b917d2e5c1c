"""Counts sessions and flags of the demo's topics, and compares the verdicts with the truth."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.demo.visitor import Kind
from weir.contracts import Flag, Session

ACTED_ON = frozenset({"throttle", "block"})
"""Verdicts that act on a visitor. A `review` only requests a human label, so it counts as neither right nor wrong."""
NEWEST = 8


@dataclass(frozen=True)
class KindResult:
    """Visitors of one kind, and how many of them were throttled or blocked."""

    visitors: int
    acted_on: int


@dataclass(frozen=True)
class DemoQuality:
    """Precision and recall by visitor. A visitor is acted on if one of its sessions has a newest verdict that acts."""

    precision: float | None
    """Abusive share of the visitors that were acted on; None if there are none."""
    recall: float | None
    """Share of the abusive visitors that were acted on; None if there are none."""
    kinds: dict[str, KindResult]


@dataclass
class Results:
    """Counts of sessions and flags, updated as records arrive."""

    opened: set[str] = field(default_factory=set)
    closed: int = 0
    flags: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Number of flags by stage and verdict."""
    newest: deque[Flag] = field(default_factory=lambda: deque(maxlen=NEWEST))
    _latencies: list[tuple[str, int, float]] = field(default_factory=list)
    """Session, revision and latency of each flag."""
    _finals: dict[str, int] = field(default_factory=dict)
    """Last revision of each closed session."""
    _verdicts: dict[str, tuple[str, str]] = field(default_factory=dict)

    def take_session(self, session: Session) -> None:
        """Takes a record of the sessions topic; merged sessions are not counted."""
        self.opened.add(session.session_id)
        if session.final:
            self._finals[session.session_id] = session.revision
            self.closed += session.merged_into is None

    def take_flag(self, flag: Flag) -> None:
        """Takes a record of the flags topic; records of one session arrive in order."""
        if flag.stage == "people":
            # Verdicts of people are not Weir's, so they are left out of precision and recall.
            self.newest.append(flag)
            return
        self.flags[flag.stage, flag.verdict] += 1
        self._latencies.append((flag.session_id, flag.revision, flag.latency_ms))
        self.newest.append(flag)
        self._verdicts[flag.session_id] = (flag.visitor_id, flag.verdict)

    def quality(self, truth: Mapping[str, Kind]) -> DemoQuality:
        """Precision and recall of the newest verdicts, on visitors in the truth."""
        acted_on = {visitor for visitor, verdict in self._verdicts.values() if verdict in ACTED_ON} & truth.keys()
        bad = {visitor for visitor, kind in truth.items() if kind.is_bad}
        found = len(acted_on & bad)
        visitors_by_kind, acted_on_by_kind = Counter(truth.values()), Counter(truth[visitor] for visitor in acted_on)
        return DemoQuality(
            precision=found / len(acted_on) if acted_on else None,
            recall=found / len(bad) if bad else None,
            kinds={str(kind): KindResult(visitors_by_kind[kind], acted_on_by_kind[kind]) for kind in Kind},
        )

    def latency_ms(self, share: float) -> float | None:
        """A quantile of the flags' latencies: the least latency that `share` of them don't exceed; None without flags.

        Flags of final revisions are left out, as a session closes only after `gap_s` and `grace_s` of silence.
        """
        ordered = sorted(
            latency for session, revision, latency in self._latencies if self._finals.get(session) != revision
        )
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
