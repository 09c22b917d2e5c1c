"""The sessionize stage over records in memory, batch by batch as a worker has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from bench.events.generator import Record
from rules.heuristics.patterns import Patterns, load_packs
from rules.limits.budgets import Budgets, load_budgets
from streams.sessionize.config import FoldConfig
from streams.sessionize.task import SessionizeTask
from streams.task import Effects
from weir.kafka.records import LogRecord
from weir.settings import Settings

BATCH = 500
CHECKPOINT_EVERY = 40
"""Batches between two checkpoints, as in a worker of some speed."""
APPENDED_MS = 1_800_000_000_000
"""Later than any event: nobody's clock is ahead."""


def task(*, plain: bool) -> SessionizeTask:
    """The stage of one partition, with all that is shipped or without patterns and budgets."""
    patterns, budgets = _shipped()
    if plain:
        patterns, budgets = Patterns([]), Budgets(version="none", visitor=(), address=())
    config = FoldConfig.from_settings(Settings(), budgets, patterns)

    def library(_: Mapping[str, str]) -> Patterns:
        return patterns

    return SessionizeTask(0, 1, config, library)


def records_of(log: Iterable[Record]) -> list[LogRecord]:
    """Records as they are fetched."""
    return [LogRecord("events", 0, at, APPENDED_MS, key, value) for at, (key, value) in enumerate(log)]


def fold_records(stage: SessionizeTask, records: Sequence[LogRecord], checkpoint_every: int = CHECKPOINT_EVERY) -> int:
    """Folds them all, with a checkpoint after so many batches; how many records came out."""
    outputs = 0
    for number, at in enumerate(range(0, len(records), BATCH), 1):
        effects = Effects()
        stage.process(records[at : at + BATCH], effects)
        outputs += len(effects.outputs)
        stage.progress()
        if checkpoint_every and number % checkpoint_every == 0:
            outputs += sum(1 for _ in stage.changes())
    return outputs


@cache
def _shipped() -> tuple[Patterns, Budgets]:
    return load_packs(), load_budgets(None)
