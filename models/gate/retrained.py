"""Versions that a workflow trained: whether the trainer may put one into shadow."""

from __future__ import annotations

from models.features.registry import FEATURES_VERSION
from models.gate.rollout import FrozenVersion
from weir.contracts.model_record import Snapshot
from weir.errors import SnapshotError

KEPT_RETRAINED = 100
"""Retrained versions whose records stay in the models topic."""


def admit(snapshot: Snapshot, *, has_rollouts: bool) -> FrozenVersion | str:
    """The version, ready for shadow, or the reason why it is refused.

    The workflow's gate has evaluated it on the newest examples of the table. The champion may be another one by now:
    the shadow stage compares the two on new answers before the version scores for anybody.

    Args:
        snapshot: A verified record.
        has_rollouts: Whether versions go through shadow. Without that stage nothing compares it with this champion.
    """
    if snapshot.features_version != FEATURES_VERSION:
        return f"It was trained on features of version {snapshot.features_version}, now it is {FEATURES_VERSION}."
    if not has_rollouts:
        return "Rollouts are off (rollout_answers is 0), so that it can't be compared with the champion in shadow."
    try:
        return FrozenVersion.of(snapshot)
    except SnapshotError as error:
        return f"It can't be read here: {error}"


def why_in_shadow(snapshot: Snapshot) -> str:
    """The decision as a sentence."""
    figures = snapshot.figures
    measured = ", ".join(
        f"{label} {figures[name]:.3f}"
        for name, label in (("candidate_log_loss", "log loss"), ("candidate_auc", "AUC"))
        if name in figures
    )
    found = f": {measured}" if measured else ""
    return f"A workflow trained it on {snapshot.examples} examples, and its gate let it pass{found}."
