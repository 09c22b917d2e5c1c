"""Weights of label sources, learned from how often other sources agree with each."""

from __future__ import annotations

import msgspec

from weir.contracts.label import WEAK_PREFIX

_REMEMBERED = 2_000
"""Newest sessions whose labels are kept for comparison."""
_MOST_SOURCES = 500
"""Bound on the sources with counts; a later source keeps the weight of an unknown one."""
_PRIOR = 10.0
"""Strength of the prior: comparisons with the usual agreement that are added to a source's own."""
_ASSUMED = 0.9
"""Prior share of agreement, before any comparison."""
_CONFIDENT = 0.9
"""Score from which the champion counts as confident, and the weight below which a source is reported as doubted."""
_BY_CHAMPION = 0.25
"""Weight of a comparison with a confident champion, where one with another source has 1."""
_GUESSING = 0.5
"""Share of agreement of labels at random, whose weight is 0."""
_WORTHLESS = 0.05
"""If the usual agreement is at most this far above guessing, sources can't be distinguished."""


class Source(msgspec.Struct, array_like=True):
    """Sums of the weights of one source's agreements and contradictions."""

    agreed: float = 0.0
    contradicted: float = 0.0


class Trust(msgspec.Struct):
    """Compares the labels of several sources for the same sessions, and labels with confident scores of the champion.

    The truth is not known, so a source is compared with all other sources. If the traffic changes and all sources
    contradict the champion, none loses trust. Weak sources are compared with human ones, and not the reverse.

    Example:
        >>> trust = Trust()
        >>> for number in range(40):
        ...     for source in ("ann", "ben", "cas"):
        ...         bad = number % 2 == 0 or source == "cas"
        ...         _ = trust.record_label(f"s{number}", source, bad=bad, is_weak=False, champion=None)
        >>> trust.worth("ann") > trust.worth("cas")
        True
    """

    sources: dict[str, Source] = {}
    sessions: dict[str, dict[str, bool]] = {}
    """Labels by session and source, oldest session first: whether the label is abusive."""

    def record_label(self, session_id: str, source: str, *, bad: bool, is_weak: bool, champion: float | None) -> float:
        """Records a label and compares it with those of other sources for the session.

        Args:
            session_id: Session that was labelled.
            source: Source of the label.
            bad: Whether the label is abusive.
            is_weak: Whether the source is weak: derived by Weir, not by a person.
            champion: Score of the champion for the session, from 0 to 1; None without a champion.

        Returns:
            Weight of the source, see `worth`.
        """
        if not is_weak and champion is not None and not 1.0 - _CONFIDENT < champion < _CONFIDENT:
            self._note(source, agreed=(champion >= _CONFIDENT) == bad, weight=_BY_CHAMPION)
        labels = self.sessions.pop(session_id, {})
        for other, others_bad in labels.items():
            if other == source:
                continue
            # Between a weak and a human source, only the weak one is changed by the comparison.
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
        """Weight of a source's labels.

        Args:
            source: Name of the source; an unknown one has the usual weight.

        Returns:
            1 for a source that agrees with others as often as usual, 0 for one whose labels are random.
        """
        usual = self._usual(weak=source.startswith(WEAK_PREFIX))
        if usual <= _GUESSING + _WORTHLESS:
            return 1.0  # with so little agreement, no source can be distinguished from a guessing one
        own = self.sources.get(source, Source())
        share = (own.agreed + _PRIOR * usual) / (own.agreed + own.contradicted + _PRIOR)
        return max(0.0, min(1.0, (share - _GUESSING) / (usual - _GUESSING)))

    def doubted(self) -> dict[str, float]:
        """Sources whose weight is below 0.9, with their weights."""
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
        """Upper median of the shares of agreement: a source that is always wrong must not lower the reference."""
        shares = sorted(
            (known.agreed + _PRIOR * _ASSUMED) / (known.agreed + known.contradicted + _PRIOR)
            for source, known in self.sources.items()
            if source.startswith(WEAK_PREFIX) == weak
        )
        return shares[len(shares) // 2] if shares else _ASSUMED
