"""Whether what is measured is still what it was: by two detectors, one for any change, one for a slow rise.

ADWIN (Bifet and Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007) keeps a window as long
as its mean stays the same. Page-Hinkley (Page, "Continuous Inspection Schemes", Biometrika 1954) sums what lies above
the mean. Both are River's. Nothing is decided by them: they tell people where to look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

CONFIDENCE = 1e-5
"""ADWIN's: smaller than its usual 0.002, since it watches dozens of numbers on each of thousands of sessions."""
_RISE = 25.0
"""Page-Hinkley's threshold, of values between 0 and 1."""
_TOLERATED_RISE = 0.02
HELD = 29
"""First values of a name that are held before its detectors are built: a short run never imports River. No detector
reports a change earlier: Page-Hinkley waits for 30 values, ADWIN checks at every 32nd."""
MOST_WATCHED = 128
"""Names that are watched; later ones are passed over."""


class Watch:
    """Watches numbers by name. What it has seen is not kept: a worker that starts begins anew.

    Args:
        only_rises: Whether Page-Hinkley watches, too: for errors, which may fall without anybody's harm.
    """

    def __init__(self, *, only_rises: bool = False) -> None:
        self._only_rises = only_rises
        self._detectors: dict[str, list[Any]] = {}
        self._held: dict[str, list[float]] = {}
        """Every name with its values so far, none once it has detectors."""

    def see(self, values: Mapping[str, float | str | None]) -> list[str]:
        """Takes a value of each name; gives the names whose values have changed. What is no number is passed over."""
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
