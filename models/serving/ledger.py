"""The models topic as the CLI and the console show it: versions, decisions, and the records of a new decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.serving.snapshot import is_retrained, verify
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial
from weir.errors import SnapshotError, UsageError

ROOM = 10
"""Distance of a person's decision from the newest number. The trainer may decide at the same moment, and the decision
with the greater number wins."""


@dataclass(slots=True)
class Ledger:
    """All verified records of the models topic, the newest of each key."""

    key: bytes
    """Key of the signatures."""
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """By version, in the order of the topic."""
    decisions: dict[int, Decision] = field(default_factory=dict)
    """By number."""
    champion: Champion | None = None
    """The newest pointer to the champion."""
    trial: Trial | None = None
    """The newest state of a rollout."""
    draft: Snapshot | None = None
    """The learner's newest published state that no decision is about."""
    refused: int = 0
    """Number of records that could not be verified."""

    def offer(self, key: bytes, value: bytes | None) -> None:
        """Adds a record of the models topic. A record that can't be verified is counted in `refused`.

        Args:
            key: Key of the record.
            value: Value of the record; None for a tombstone.
        """
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
        """The rollout that is under way; None if there is none, or a later decision has ended it."""
        trial = self.trial
        if trial is None or trial.version is None:
            return None
        return None if self.champion is not None and self.champion.decision > trial.decision else trial

    def version(self, name: str) -> Snapshot:
        """The snapshot of a version.

        Args:
            name: The version, or `champion` for the present one.

        Raises:
            UsageError: there is no snapshot of that version, or no champion.
        """
        wanted = self.champion.version if name == "champion" and self.champion is not None else name
        if not wanted:
            raise UsageError(
                "No version scores: the champion was taken back.", "`weir models list` shows earlier champions."
            )
        if self.draft is not None and wanted == self.draft.version and wanted not in self.snapshots:
            return self.draft.model_copy(update={"draft": False})
        if wanted not in self.snapshots:
            raise UsageError(f"There is no snapshot of a version {name}.", "`weir models list` shows those there are.")
        return self.snapshots[wanted]

    def before(self) -> str:
        """The version that the present champion replaced.

        Returns:
            That version. If its snapshot is gone, as those of refreshes are, the newest earlier version that is there.

        Raises:
            UsageError: the champion has replaced no version.
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
        """Removes the decision or snapshot of a tombstone."""
        name = key.decode(errors="replace")
        kind, _, number = name.rpartition("/")
        if kind == "decision" and number.isdecimal():
            self.decisions.pop(int(number), None)
        elif kind:
            self.snapshots.pop(number, None)

    def decide(
        self, kind: Literal["promotion", "rollback"], version: str, *, by: str, why: str, at: float
    ) -> tuple[Snapshot, Decision, Champion]:
        """Prepares the records that make a version champion.

        Args:
            kind: `promotion` or `rollback`.
            version: Version that becomes champion.
            by: Name of the person that decides.
            why: Reason, as free text.
            at: Time of the decision, in seconds since 1970.

        Returns:
            Snapshot, decision and pointer, to be written in this order. Decision and pointer are not signed yet. The
            snapshot is written again for workers that keep it no longer.

        Raises:
            UsageError: there is no snapshot of the version, or it is champion already.
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
