"""How much a source's labels are worth, learned from how often others agree with it."""

from __future__ import annotations

import msgspec

from weir.contracts.label import WEAK_PREFIX

_REMEMBERED = 2_000
"""Sessions whose answers are remembered, the newest."""
_MOST_SOURCES = 500
_PRIOR = 10.0
"""So many imagined answers, as good as everybody's, stand beside a source's own."""
_ASSUMED = 0.9
"""Share of agreement before anything is known."""
_CONFIDENT = 0.9
_BY_CHAMPION = 0.25
"""What agreement with a sure champion counts beside agreement with a person."""
_GUESSING = 0.5
_WORTHLESS = 0.05


class Source(msgspec.Struct, array_like=True):
    """Agreements and contradictions of one source."""

    agreed: float = 0.0
    contradicted: float = 0.0


class Trust(msgspec.Struct):
    """Compares the labels of several sources for the same sessions, and labels with confident scores of the champion.

    A source is measured against all other sources, since the truth is not known: if the traffic changes and all sources
    contradict the champion, none loses trust. Weak sources are measured by human ones, and not the reverse.
    """

    sources: dict[str, Source] = {}
    sessions: dict[str, dict[str, bool]] = {}
    """Labels by session and source, oldest session first."""

    def record_label(self, session_id: str, source: str, *, bad: bool, is_weak: bool, champion: float | None) -> float:
        """Records a label.

        Returns:
            What it counts: 1 from a source as good as the others, 0 from one that guesses.
        """
        if not is_weak and champion is not None and not 1.0 - _CONFIDENT < champion < _CONFIDENT:
            self._note(source, agreed=(champion >= _CONFIDENT) == bad, weight=_BY_CHAMPION)
        labels = self.sessions.pop(session_id, {})
        for other, others_bad in labels.items():
            if other == source:
                continue
            # Of a weak and a strong source only the weak one is measured by the other.
            if not (other.startswith(WEAK_PREFIX) and not is_weak):
                self._note(source, agreed=bad == others_bad)
            if not (is_weak and not other.startswith(WEAK_PREFIX)):
                self._note(other, agreed=bad == others_bad)
        labels[source] = bad
        self.sessions[session_id] = labels
        while len(self.sessions) > _REMEMBERED:
            del self.sessions[next(iter(self.sessions))]
        return self.worth(source)

    def worth(self, source: str) -> float:
        """How much an answer of this source counts, between 0 and 1."""
        usual = self._usual(weak=source.startswith(WEAK_PREFIX))
        if usual <= _GUESSING + _WORTHLESS:
            return 1.0  # they contradict each other so much that nobody can be measured
        own = self.sources.get(source, Source())
        share = (own.agreed + _PRIOR * usual) / (own.agreed + own.contradicted + _PRIOR)
        return max(0.0, min(1.0, (share - _GUESSING) / (usual - _GUESSING)))

    def doubted(self) -> dict[str, float]:
        """Sources that count for less than nine tenths, with what they count."""
        worths = {source: self.worth(source) for source in sorted(self.sources)}
        return {source: worth for source, worth in worths.items() if worth < _CONFIDENT}

    def _note(self, source: str, *, agreed: bool, weight: float = 1.0) -> None:
        known = self.sources.get(source)
        if known is None:
            if len(self.sources) >= _MOST_SOURCES:
                return
            known = self.sources[source] = Source()
        if agreed:
            known.agreed += weight
        else:
            known.contradicted += weight

    def _usual(self, *, weak: bool) -> float:
        """The upper median of the sources' shares of agreement: one that lies all the time must not lower the bar."""
        shares = sorted(
            (known.agreed + _PRIOR * _ASSUMED) / (known.agreed + known.contradicted + _PRIOR)
            for source, known in self.sources.items()
            if source.startswith(WEAK_PREFIX) == weak
        )
        return shares[len(shares) // 2] if shares else _ASSUMED
