"""A model from the training topic alone: the same examples give the same model, to the last bit."""

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
    """What came of it."""

    trainer: Trainer
    decisions: list[Decision] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    """Published versions that came out the same."""
    different: list[str] = field(default_factory=list)
    """Published versions that did not: other code, other settings, or examples that are gone."""


def rebuild(
    config: TrainerConfig,
    examples: Iterable[tuple[int, float, TrainingExample]],
    published: Mapping[str, Snapshot],
) -> Rebuilt:
    """Learns all examples from nothing and compares with what was published.

    Args:
        config: As the trainer has it.
        examples: Offset, time of the record in seconds, and example, in order.
        published: Snapshots by version, as they lie in the models topic; those of workflows are passed over.
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
