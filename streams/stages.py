"""Builds the tasks of all stages, for the live worker and `weir replay` alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from models.serving.champion import ChampionHolder
from rules.business.rules import BusinessRules, load_business_rules
from rules.heuristics.patterns import PackCheck, Patterns, load_packs
from rules.limits.budgets import Budgets, load_budgets
from rules.limits.verdicts import SharedVerdicts
from streams.decode import at_the_gate
from streams.join.task import JoinTask, JoinTimes
from streams.join.visitor_labels import Powers
from streams.packs.ledger import DISTINCT_KEY, SUMS_KEY
from streams.packs.library import PackLibrary
from streams.read_record import LARGEST_BYTES
from streams.score.judges import Judges
from streams.score.task import ScoreTask
from streams.sessionize.config import FoldConfig
from streams.sessionize.task import SessionizeTask
from streams.task import Task
from streams.train.task import TrainTask
from streams.wiring import Followed, Wiring
from weir.contracts import AddressSums, DistinctSums
from weir.contracts.fast import decoder
from weir.networks import Networks
from weir.settings import Settings
from weir.topics import ANSWERS, EVENTS, LABELS, MODELS, RULES, SCORES, SESSIONS, STAGES, TRAINING, Topic

STAGE_INPUTS: Mapping[str, tuple[Topic, ...]] = {
    "sessionize": (EVENTS,),
    "score": (SESSIONS, ANSWERS),
    "join": (SCORES, LABELS),
    "train": (TRAINING,),
}
"""Input topics by stage, in the order in which records pass through the stages."""

_decode_sums = decoder(AddressSums)
_decode_distinct = decoder(DistinctSums)


@dataclass(slots=True)
class Resources:
    """Objects that the tasks of a process share: configuration, and the contents of followed topics."""

    settings: Settings
    budgets: Budgets
    library: PackLibrary
    business: BusinessRules
    config: FoldConfig
    champion: ChampionHolder
    shared: SharedVerdicts
    now: Callable[[], float]
    is_one_process: bool = False
    """Whether all stages run in one process and one order, as in a replay; then the learner itself scores too."""

    @classmethod
    def from_settings(
        cls, settings: Settings, now: Callable[[], float] = time.time, check_own: PackCheck | None = None
    ) -> Resources:
        """Loads and checks every file that the settings name.

        Args:
            settings: The settings in force.
            now: The clock, in seconds since the epoch.
            check_own: A further check of each of the operator's own packs. Workers have one, and tools for authors of
                packs have none.

        Raises:
            SettingsError: A file is missing, or its content is invalid.
        """
        budgets = load_budgets(settings.limits_file)
        patterns = load_packs(settings.pack_files, level=settings.paranoia_level, check_own=check_own)
        return cls(
            settings=settings,
            budgets=budgets,
            library=PackLibrary(patterns),
            business=load_business_rules(settings.business_rules_file, budgets.networks),
            config=FoldConfig.from_settings(settings, budgets, patterns),
            champion=ChampionHolder(_model_key(settings)),
            shared=SharedVerdicts(budgets.shared, budgets.distinct, Networks(budgets.networks, budgets.addresses)),
            now=now,
        )

    @property
    def followed(self) -> tuple[Followed, ...]:
        """Topics that must be read to their end before work starts, and the functions that take their records."""
        return ((MODELS, self.champion.offer), (RULES, self._take_rules))

    @property
    def patterns(self) -> Patterns:
        """The packs in force."""
        return self.library.current

    def wiring(self, stages: Collection[str] = STAGES) -> Wiring:
        """The wiring of these stages."""
        inputs = {stage: topics for stage, topics in STAGE_INPUTS.items() if stage in stages}
        return Wiring(inputs, self.settings.partitions, partial(make_task, resources=self), self.followed)

    def all_in_one(self) -> Wiring:
        """The wiring of all stages for a driver that runs them in one process and one order."""
        self.is_one_process = True
        return self.wiring()

    def _take_rules(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            if not key.startswith((SUMS_KEY, DISTINCT_KEY)):
                self.library.offer(key, None)
            return
        refused = at_the_gate(value, LARGEST_BYTES)
        if refused is not None:
            self.library.refuse("unreadable", f"record {key!r}: {refused.detail}")
            return
        try:
            if key.startswith(SUMS_KEY):
                self.shared.offer(_decode_sums(value))
            elif key.startswith(DISTINCT_KEY):
                self.shared.offer_sets(_decode_distinct(value))
            else:
                self.library.offer(key, value)
        except msgspec.DecodeError as error:
            self.library.refuse("unreadable", f"record {key!r}: {error}")


def make_task(stage: str, partition: int, resources: Resources) -> Task:
    """The task of a stage for one partition."""
    return _MAKERS[stage](partition, resources)


def _sessionize(partition: int, resources: Resources) -> Task:
    return SessionizeTask(
        partition, resources.settings.partitions, resources.config, resources.library.get, resources.library
    )


def _score(partition: int, resources: Resources) -> Task:
    judges = Judges(
        resources.patterns,
        resources.budgets,
        resources.business,
        resources.champion,
        resources.shared,
        resources.library.of_session,
    )
    return ScoreTask(partition, resources.settings.partitions, resources.settings, judges, resources.now)


def _join(partition: int, resources: Resources) -> Task:
    settings = resources.settings
    times = JoinTimes(settings.label_wait_s, settings.gap_s, settings.grace_s, settings.idle_timeout_s)
    return JoinTask(partition, times, Powers.of(settings), settings.partitions)


def _train(_partition: int, resources: Resources) -> Task:
    task = TrainTask(resources.settings, _model_key(resources.settings), resources.champion)
    if resources.is_one_process:
        resources.champion.learner = task.learner
    return task


_MAKERS: Mapping[str, Callable[[int, Resources], Task]] = {
    "sessionize": _sessionize,
    "score": _score,
    "join": _join,
    "train": _train,
}


def _model_key(settings: Settings) -> bytes | None:
    return settings.model_key.get_secret_value().encode() if settings.model_key else None
