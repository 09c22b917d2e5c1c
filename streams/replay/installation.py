"""What the drivers that run all stages ask of an installation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from rules.heuristics.patterns import Patterns
from streams.sessionize.config import FoldConfig
from streams.wiring import Wiring
from weir.settings import Settings


class DriverResources(Protocol):
    """What drivers that run all stages ask of an installation; `streams.stages.Resources` has it."""

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
        """Those of the stages, all of them unless given."""

    def all_in_one(self) -> Wiring:
        """All stages, in one process and one order."""
