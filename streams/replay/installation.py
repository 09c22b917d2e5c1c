"""The interface by which drivers that run all stages access an installation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from rules.heuristics.patterns import Patterns
from streams.sessionize.config import FoldConfig
from streams.wiring import Wiring
from weir.settings import Settings


class DriverResources(Protocol):
    """Resources of an installation for drivers that run all stages; `streams.stages.Resources` implements it."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def config(self) -> FoldConfig:
        """Times and bounds of the fold."""

    @property
    def patterns(self) -> Patterns:
        """The packs in force."""

    def wiring(self, stages: Collection[str] = ...) -> Wiring:
        """Wiring of these stages; of all stages unless given."""

    def all_in_one(self) -> Wiring:
        """Wiring of all stages in one process, in the order in which records pass through them."""
