"""What is in force: packs of patterns and models as workers have them, followed from their topics into memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from models.champion import ChampionHolder
from models.ledger import Ledger
from rules.heuristics.patterns import Patterns
from streams.stages import Resources
from weir.errors import WeirError
from weir.kafka.follower import TopicFollower
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.topics import MODELS, RULES

AGAIN_S = 5.0


class Installation:
    """Follows the topics of rules and models; a context manager.

    Without the model key nothing of the models can be verified, and so nothing of them is shown.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.resources = Resources.from_settings(settings)
        self.error: WeirError | None = None
        key = settings.model_key.get_secret_value().encode() if settings.model_key is not None else None
        self.ledger: Ledger | None = Ledger(key) if key is not None else None
        self.lock = threading.Lock()
        """Held by whoever looks at the ledger: it changes under its readers otherwise."""
        self.deciding = threading.Lock()
        """Held by whoever decides on a model, until the ledger knows of it: the next decision is numbered after it."""
        self._models = settings.names.public(MODELS)
        self._takers = dict(self.resources.followed)
        self._follower = TopicFollower(
            settings,
            [self._models, settings.names.public(RULES)],
            self._take,
            self._warn,
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
        """Waits until both topics have been read to their end once; whether they have."""
        return self._follower.wait(timeout_s)

    def take_own(self, outputs: Iterable[Output]) -> None:
        """Records of models that this console has written itself, before they come back by their topic."""
        with self.lock:
            for output in outputs:
                self._takers[MODELS](output.key or b"", output.value)
                if self.ledger is not None:
                    self.ledger.offer(output.key or b"", output.value)

    def _take(self, record: LogRecord) -> None:
        key = record.key or b""
        with self.lock:
            if record.topic == self._models:
                self._takers[MODELS](key, record.value)
                if self.ledger is not None:
                    self.ledger.offer(key, record.value)
            else:
                self._takers[RULES](key, record.value)
        self.error = None

    def _warn(self, error: Exception) -> None:
        self.error = error if isinstance(error, WeirError) else WeirError(repr(error))
