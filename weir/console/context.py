"""Shared by all pages: the store, rules and models in force, access, and the writer of actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from weir.console.access.attempts import Attempts
from weir.console.access.door import Door
from weir.console.acting import ActionWriter
from weir.console.analyses import Analyses
from weir.console.computed import Computed
from weir.console.examined import Examined
from weir.console.installation import Installation
from weir.console.markdown import policy_html
from weir.console.on_demand import OnDemand
from weir.console.queues import Leases
from weir.console.store.follow import StoreFollower
from weir.console.store.reading import StoreReader
from weir.console.workers import WorkerWatch
from weir.settings import Settings


@dataclass(slots=True)
class Console:
    """One console."""

    settings: Settings
    door: Door
    store: StoreReader
    follower: StoreFollower
    installation: Installation
    writer: ActionWriter
    workers: WorkerWatch
    clock: Callable[[], float] = time.time
    leases: Leases = field(default_factory=Leases)
    attempts: Attempts = field(default_factory=Attempts)
    shown: dict[str, tuple[float, Mapping[str, str]]] = field(default_factory=dict)
    """Parts of pages for all their readers, with the time at which they were made."""
    computed: Computed = field(default_factory=Computed)
    """Figures that take long, each computed once for all readers."""

    on_demand: OnDemand = field(init=False)
    examined: Examined = field(init=False)
    analyses: Analyses = field(init=False)

    def __post_init__(self) -> None:
        self.on_demand = OnDemand(self.settings)
        self.examined = Examined(self.settings)
        self.analyses = Analyses(self.settings.table_uri)

    @property
    def policy(self) -> str | None:
        """The site's policy on abuse, as HTML; None if the setting names no file."""
        path: Path | None = self.settings.console_policy_file
        return policy_html(path) if path is not None else None
