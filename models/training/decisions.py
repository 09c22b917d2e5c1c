"""The trainer's decisions on record: their numbers, and which old records are deleted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from models.gate.refresh import Published, superseded
from models.gate.retrained import KEPT_RETRAINED
from models.gate.rollout import Step
from models.serving.snapshot import MODEL_ID
from models.training.state import TrainerState
from weir.contracts.model_record import Decision, Trial

Kind = Step | Literal["shadow", "refusal", "refresh"]
KEPT_REFUSALS = 100
"""Refusals on record: unlike promotions, which name versions, older ones are of no use and would grow without end."""


class DecisionLog:
    """Numbers decisions, and keeps the record of them bounded."""

    def __init__(self, state: TrainerState) -> None:
        self._state = state

    def record(self, kind: Kind, version: str, why: str, figures: dict[str, float], at: float) -> Decision:
        """The next decision."""
        state = self._state
        number = state.next_decision
        state.next_decision = number + 1
        return Decision(
            kind=kind,
            number=number,
            id=MODEL_ID,
            version=version,
            previous_version=state.champion[1] if state.champion is not None else None,
            decided_by="gate",
            why=why,
            figures=figures,
            decided_at=at,
            signature="",
        )

    def forget_refusals(self, newest: Decision) -> tuple[str, ...]:
        """Keys to delete now that another refusal is on record."""
        refusals = self._state.refusals
        refusals.append(newest.number)
        return (f"decision/{refusals.pop(0)}",) if len(refusals) > KEPT_REFUSALS else ()

    def forget_refreshes(self, newest: Decision, in_use: Collection[str]) -> tuple[str, ...]:
        """Keys to delete now that another refresh is on record."""
        state = self._state
        state.refreshes.append(Published(newest.version, newest.number, newest.decided_at))
        state.refreshes, gone = superseded(state.refreshes, in_use, newest.decided_at)
        return tuple(key for one in gone for key in (f"{MODEL_ID}/{one.version}", f"decision/{one.decision}"))

    def forget_retrained(self, in_use: Collection[str]) -> tuple[str, ...]:
        """Keys of the oldest retrained versions' records, as far as these versions are not in use."""
        state = self._state
        old = [version for version in state.retrained[:-KEPT_RETRAINED] if version not in in_use]
        state.retrained = [version for version in state.retrained if version not in old]
        return tuple(f"{MODEL_ID}/{version}" for version in old)


def trial_record(decision: Decision, share: float) -> Trial:
    """The record with the share of the visitors that a challenger scores for."""
    return Trial(id=decision.id, version=decision.version, share=share, decision=decision.number, signature="")
