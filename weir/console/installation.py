"""Holds the packs of patterns and the models in force, as workers have them, by following their topics."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from models.serving.champion import ChampionHolder
from models.serving.ledger import Ledger
from rules.heuristics.patterns import Patterns
from streams.stages import Resources
from weir.errors import WeirError
from weir.kafka.follower import TopicFollower
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, Output, PartitionId
from weir.settings import Settings
from weir.topics import MODELS, RULES, TRAINING

AGAIN_S = 5.0


class Installation:
    """Follows the topics of rules and models; a context manager.

    Without the model key no record of models can be verified, so no models are shown.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.resources = Resources.from_settings(settings)
        self.error: WeirError | None = None
        key = settings.model_key.get_secret_value().encode() if settings.model_key is not None else None
        self.ledger: Ledger | None = Ledger(key) if key is not None else None
        self.lock = threading.Lock()
        """Held while the ledger is read, since the follower's thread changes it."""
        self.deciding = threading.Lock()
        """Held from a person's decision on a model until the ledger has it, so that the next decision follows it."""
        self._models = settings.names.public(MODELS)
        self._training = settings.names.public(TRAINING)
        self.training_end = 0
        """Next offset of the training topic. A version has not learned the examples from its own offset to this one."""
        self._takers = dict(self.resources.followed)
        self._follower = TopicFollower(
            settings,
            [self._models, settings.names.public(RULES), self._training],
            self._take,
            self._warn,
            begin=self._begin,
            retry_after_s=AGAIN_S,
        )

    @property
    def patterns(self) -> Patterns:
        """The packs in force."""
        return self.resources.patterns

    @property
    def champion(self) -> ChampionHolder:
        """The model that scores."""
        return self.resources.champion

    def __enter__(self) -> Self:
        self._follower.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._follower.close()

    def wait(self, timeout_s: float) -> bool:
        """Waits until both topics have been read to their end once; returns whether this happened in time."""
        return self._follower.wait(timeout_s)

    def take_own(self, outputs: Iterable[Output]) -> None:
        """Applies records of models that this console has written, before they are read from their topic."""
        with self.lock:
            for output in outputs:
                self._takers[MODELS](output.key or b"", output.value)
                if self.ledger is not None:
                    self.ledger.offer(output.key or b"", output.value)

    def _begin(self, reader: LogReader) -> Mapping[PartitionId, int]:
        """Offsets to begin at: models and rules from their beginning, the training topic at its end."""
        ranges = reader.ranges()
        self.training_end = max(
            (offsets.end for where, offsets in ranges.items() if where[0] == self._training), default=0
        )
        return {
            where: offsets.end if where[0] == self._training else offsets.start for where, offsets in ranges.items()
        }

    def _take(self, record: LogRecord) -> None:
        key = record.key or b""
        with self.lock:
            if record.topic == self._training:
                self.training_end = record.offset + 1
            elif record.topic == self._models:
                self._takers[MODELS](key, record.value)
                if self.ledger is not None:
                    self.ledger.offer(key, record.value)
            else:
                self._takers[RULES](key, record.value)
        self.error = None

    def _warn(self, error: Exception) -> None:
        self.error = error if isinstance(error, WeirError) else WeirError(repr(error))
