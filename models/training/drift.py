"""Detects drift of measured numbers, by two detectors of River: one for any change, one for a slow rise.

ADWIN keeps a window of values as long as the means of its parts agree. Page-Hinkley sums the excess over the mean. No
decision depends on them: their reports are shown to people.

References:
    Bifet and Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007.
    Page, "Continuous Inspection Schemes", Biometrika 41, 1954.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

CONFIDENCE = 1e-5
"""Of ADWIN. Smaller than its default 0.002, since it tests dozens of numbers on each of thousands of sessions."""
_RISE = 25.0
"""Threshold of Page-Hinkley, for values from 0 to 1."""
_TOLERATED_RISE = 0.02
"""Excess over the mean that Page-Hinkley ignores."""
HELD = 29
"""First values of a name that are kept before its detectors are built, so that a short run never imports River. No
report is lost by it: Page-Hinkley starts at 30 values, and ADWIN checks at every 32nd."""
MOST_WATCHED = 128
"""Bound on the watched names; later ones are ignored."""


class Watch:
    """Drift detectors for numbers by name. Their state is not persisted: a restarted worker has new detectors.

    Args:
        only_rises: Whether to report rises alone, by Page-Hinkley as well as ADWIN: for errors, whose fall is no harm.

    Example:
        >>> watch = Watch()
        >>> reports = [watch.see({"error": 0.1 if number < 200 else 0.9}) for number in range(260)]
        >>> ["error"] in reports[200:], any(reports[:200])
        (True, False)
    """

    def __init__(self, *, only_rises: bool = False) -> None:
        self._only_rises = only_rises
        self._detectors: dict[str, list[Any]] = {}
        self._held: dict[str, list[float]] = {}
        """Values of each name; empty once it has detectors."""

    def see(self, values: Mapping[str, float | str | None]) -> list[str]:
        """Takes one value of each name.

        Args:
            values: Numbers by name. Other values, NaN and infinity are ignored.

        Returns:
            Names whose distribution has changed with this value.
        """
        return [name for name, value in values.items() if isinstance(value, float | int) and self._see(name, value)]

    def _see(self, name: str, value: float) -> bool:
        if not math.isfinite(value):
            return False
        detectors = self._detectors.get(name)
        if detectors is not None:
            return self._update(detectors, value)
        if name not in self._held and len(self._held) >= MOST_WATCHED:
            return False
        held = self._held.setdefault(name, [])
        held.append(value)
        if len(held) <= HELD:
            return False
        detectors = self._detectors[name] = self._new()
        changed = False
        for earlier in held:
            changed = self._update(detectors, earlier)
        held.clear()
        return changed

    def _update(self, detectors: list[Any], value: float) -> bool:
        changed = False
        for detector in detectors:
            before = getattr(detector, "estimation", 0.0)
            detector.update(value)
            if detector.drift_detected:
                changed |= not self._only_rises or getattr(detector, "estimation", 1.0) > before
        return changed

    def _new(self) -> list[Any]:
        from river import drift  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        detectors: list[Any] = [drift.ADWIN(delta=CONFIDENCE)]  # type: ignore[no-untyped-call]  # River has none
        if self._only_rises:
            detectors.append(drift.PageHinkley(delta=_TOLERATED_RISE, threshold=_RISE, mode="up"))
        return detectors
