"""Rebuilds models from the training topic: equal examples give an equal model, to the last bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from models.serving.snapshot import is_retrained, model_of
from models.training.config import TrainerConfig
from models.training.trainer import Trainer
from weir.contracts.model_record import Decision, Snapshot
from weir.contracts.training import TrainingExample


@dataclass(slots=True)
class Rebuilt:
    """Result of a rebuild."""

    trainer: Trainer
    """The trainer after the last example."""
    decisions: list[Decision] = field(default_factory=list)
    """Decisions of the gate on the way."""
    equal: list[str] = field(default_factory=list)
    """Published versions whose rebuilt state is equal."""
    different: list[str] = field(default_factory=list)
    """Published versions whose rebuilt state differs, by other code, other settings, or deleted examples."""


def rebuild(
    config: TrainerConfig,
    examples: Iterable[tuple[int, float, TrainingExample]],
    published: Mapping[str, Snapshot],
) -> Rebuilt:
    """Learns all examples with a new trainer, and compares its states with the published versions.

    Args:
        config: Configuration of the trainer that published the versions.
        examples: Offset, time of the record in seconds since 1970, and example, in the order of the topic.
        published: Snapshots of the models topic by version. Those of workflows are ignored.

    Returns:
        The trainer, its decisions, and which versions are equal.

    Raises:
        SnapshotError: a published snapshot can't be read.
    """
    rebuilt = Rebuilt(Trainer(config))
    own = (snapshot for snapshot in published.values() if not is_retrained(snapshot.version))
    by_offset = {snapshot.trained_to_offset: snapshot for snapshot in own}
    for offset, recorded_at, example in examples:
        rebuilt.trainer.learn(example, offset)
        snapshot = by_offset.get(offset + 1)
        if snapshot is not None:
            same = model_of(snapshot).state() == rebuilt.trainer.candidate_state()
            (rebuilt.equal if same else rebuilt.different).append(snapshot.version)
        outcome = rebuilt.trainer.advance(recorded_at)
        if outcome is not None and outcome.decision is not None:
            rebuilt.decisions.append(outcome.decision)
    return rebuilt
