"""A ceiling on the share of sessions that are throttled or blocked.

An error of rules or models must not block most of a site's visitors. Each partition has its own ceiling. It counts the
sessions that would have been flagged, whether they were or not, so that it ends when their share falls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import msgspec

from rules.business.entries import CeilingEntry
from rules.judgement import Judgement
from weir.contracts.flag import Reason

PARTS = 10
"""The newest sessions are counted in so many parts; the oldest one goes as a whole."""
_FLAGGED = frozenset({"throttle", "block"})
_SEED = b"brake-sample"


class BrakeState(msgspec.Struct, array_like=True):
    """What is remembered. New fields go to the end, with a default."""

    parts: list[tuple[int, int]] = []
    """Sessions, and those flagged among them, the newest part last."""
    is_on: bool = False


class Brake:
    """Counts sessions, trips above the ceiling, and holds verdicts back until the share has fallen.

    Args:
        ceiling: as configured; without one, nothing is counted or held back.
        version: of the file that it comes from.
        state: where to go on.
    """

    def __init__(self, ceiling: CeilingEntry | None, version: str = "", state: BrakeState | None = None) -> None:
        self._ceiling = ceiling
        self._version = version
        self.state = state or BrakeState()
        self._part_sessions = ceiling.sessions // PARTS if ceiling else 0

    @property
    def is_on(self) -> bool:
        """Whether verdicts are held back."""
        return self._ceiling is not None and self.state.is_on

    @property
    def share(self) -> float:
        """Share of the newest sessions that were or would have been flagged."""
        sessions = sum(count for count, _ in self.state.parts)
        return sum(flagged for _, flagged in self.state.parts) / sessions if sessions else 0.0

    def would_flag(self, judgement: Judgement) -> bool:
        """Whether a judgement counts, and can be held back."""
        ceiling = self._ceiling
        return ceiling is not None and judgement.verdict in _FLAGGED and judgement.stage in ceiling.of

    def count(self, *, is_new: bool, is_flagged: bool) -> Literal["tripped", "released"] | None:
        """Counts a session when it is new, and when it would be flagged for the first time; what that brought about."""
        ceiling = self._ceiling
        if ceiling is None or not (is_new or is_flagged):
            return None
        parts = [*self.state.parts] or [(0, 0)]
        if is_new and parts[-1][0] >= self._part_sessions:
            parts = [*parts, (0, 0)][-PARTS:]
        sessions, flagged = parts[-1]
        parts[-1] = (sessions + is_new, flagged + is_flagged)
        self.state = BrakeState(parts, self.state.is_on)
        before = self.state.is_on
        # The share of few sessions is mostly chance; half of the sessions that it is measured over are enough.
        enough = sum(count for count, _ in parts) >= ceiling.sessions // 2
        now = self.share > (ceiling.release_at if before else ceiling.at_most)
        if now == before or (now and not enough):
            return None
        self.state = BrakeState(parts, now)
        return "tripped" if now else "released"

    def hold(self, judgement: Judgement) -> Judgement:
        """The judgement, or what becomes of it while the brake is on; the flag names the ceiling first."""
        ceiling = self._ceiling
        if ceiling is None or not self.is_on or not self.would_flag(judgement):
            return judgement
        text = f"{ceiling.reason} Held back: {judgement.verdict} by {judgement.stage}. ({ceiling.owner})"
        reason = Reason(id=ceiling.id, version=self._version, text=text)
        return replace(judgement, verdict=ceiling.then, stage="business_rule", reasons=(reason, *judgement.reasons))

    def has_counted(self, verdict: str, stage: str, reasons: Sequence[str]) -> bool:
        """Whether a session with this last published verdict is counted as flagged already."""
        ceiling = self._ceiling
        if ceiling is None:
            return False
        return (verdict in _FLAGGED and stage in ceiling.of) or reasons[:1] == (ceiling.id,)

    def may_ask_about(self, session_id: str) -> bool:
        """Whether a session that was held back may be sampled for review."""
        if self._ceiling is None:
            return True
        digest = hashlib.blake2b(session_id.encode(), digest_size=8, key=_SEED).digest()
        return int.from_bytes(digest) / 2**64 < self._ceiling.ask_share
