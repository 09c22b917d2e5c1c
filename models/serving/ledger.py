"""The models topic as a person sees it: versions, who decided what, and what follows from a decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.serving.snapshot import is_retrained, verify
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial
from weir.errors import SnapshotError, UsageError

ROOM = 10
"""By so much a person's decision is numbered beyond the newest: the trainer may decide while the person does, and the
greater number counts."""


@dataclass(slots=True)
class Ledger:
    """Everything in the models topic that could be verified, the newest of each key."""

    key: bytes
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """By version, in the order in which they came."""
    decisions: dict[int, Decision] = field(default_factory=dict)
    """By number."""
    champion: Champion | None = None
    trial: Trial | None = None
    draft: Snapshot | None = None
    """The learner as it was published last, on which nothing was decided."""
    refused: int = 0
    """Records that could not be verified."""

    def offer(self, key: bytes, value: bytes | None) -> None:
        """Takes a record of the models topic."""
        if value is None:
            self._take_out(key)
            return
        try:
            record = verify(key, value, self.key)
        except SnapshotError:
            self.refused += 1
            return
        if isinstance(record, Snapshot) and record.draft:
            self.draft = record
        elif isinstance(record, Snapshot):
            is_older = self.draft is not None and self.draft.trained_to_offset <= record.trained_to_offset
            if is_older and not is_retrained(record.version):
                self.draft = None
            self.snapshots[record.version] = record
        elif isinstance(record, Decision):
            self.decisions[record.number] = record
        elif isinstance(record, Trial):
            if self.trial is None or record.decision > self.trial.decision:
                self.trial = record
        elif self.champion is None or record.decision > self.champion.decision:
            self.champion = record

    @property
    def on_trial(self) -> Trial | None:
        """Who is on the way to be champion."""
        trial = self.trial
        if trial is None or trial.version is None:
            return None
        return None if self.champion is not None and self.champion.decision > trial.decision else trial

    def version(self, name: str) -> Snapshot:
        """The snapshot of a version; `champion` is the present one's.

        Raises:
            UsageError: there is none.
        """
        wanted = self.champion.version if name == "champion" and self.champion is not None else name
        if not wanted:
            raise UsageError(
                "No version scores: the champion was taken back.", "`weir models list` shows who has been."
            )
        if self.draft is not None and wanted == self.draft.version and wanted not in self.snapshots:
            return self.draft.model_copy(update={"draft": False})
        if wanted not in self.snapshots:
            raise UsageError(f"There is no snapshot of a version {name}.", "`weir models list` shows those there are.")
        return self.snapshots[wanted]

    def before(self) -> str:
        """The version that the present champion replaced; of refreshes that are gone, the newest one that is there.

        Raises:
            UsageError: it replaced none.
        """
        decision = self.decisions.get(self.champion.decision) if self.champion is not None else None
        if decision is None or decision.previous_version is None:
            raise UsageError("The champion has replaced no other version.", "Name one with --to.")
        previous = decision.previous_version
        if previous in self.snapshots or self.champion is None:
            return previous
        known = self.snapshots.get(self.champion.version)
        earlier = [
            one for one in self.snapshots.values() if known is None or one.trained_to_offset < known.trained_to_offset
        ]
        return max(earlier, key=lambda one: one.trained_to_offset).version if earlier else previous

    def _take_out(self, key: bytes) -> None:
        """A record that was taken out of the topic is there no more."""
        name = key.decode(errors="replace")
        kind, _, number = name.rpartition("/")
        if kind == "decision" and number.isdecimal():
            self.decisions.pop(int(number), None)
        elif kind:
            self.snapshots.pop(number, None)

    def decide(
        self, kind: Literal["promotion", "rollback"], version: str, *, by: str, why: str, at: float
    ) -> tuple[Snapshot, Decision, Champion]:
        """The records that make a version champion, not signed yet, but for the snapshot; in this order.

        The snapshot is written again, so that workers that have let go of it get it beside the pointer.

        Raises:
            UsageError: no such version, or it is champion already.
        """
        snapshot = self.version(version)
        present = self.champion.version if self.champion is not None else None
        if snapshot.version == present:
            raise UsageError(f"Version {present} is champion already.", "`weir models list` shows the others.")
        number = max(self.decisions, default=-1) + ROOM
        decision = Decision(
            kind=kind,
            number=number,
            id=snapshot.id,
            version=snapshot.version,
            previous_version=present,
            decided_by=by,
            why=why,
            figures=snapshot.figures,
            decided_at=at,
            signature="",
        )
        return snapshot, decision, Champion(id=snapshot.id, version=snapshot.version, decision=number, signature="")
