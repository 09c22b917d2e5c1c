"""The interface of patterns that sessionize uses; `rules.heuristics.patterns.Patterns` implements it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from weir.contracts.fast import FastEvent


class PatternFacts(Protocol):
    """Pack, version and category of a pattern."""

    @property
    def pack(self) -> str:
        """Name of its pack."""

    @property
    def version(self) -> str:
        """Version of its pack."""

    @property
    def category(self) -> str:
        """Kind of abuse that the pattern is a sign of."""


class PatternMatcher(Protocol):
    """Packs of patterns in some versions."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Pack to version."""

    def match(self, event: FastEvent, cut: tuple[str, ...] = (), /) -> tuple[str, ...]:
        """Ids of the patterns that match one of the event's strings, or one of its `cut` fields, each once."""

    def info(self, pattern: str, /) -> PatternFacts:
        """Pack, version and category of a pattern that matched."""


class InForce(Protocol):
    """The packs in force, which may be replaced at any time."""

    @property
    def current(self) -> PatternMatcher:
        """The packs in force now."""

    def take_refusals(self) -> Mapping[str, int]:
        """Number of skipped records about packs since the last call, by reason."""

    def costs(self) -> Mapping[str, float]:
        """Pattern to its time for one text, in seconds."""


Library = Callable[[Mapping[str, str]], PatternMatcher]
"""Returns packs in the requested versions."""
