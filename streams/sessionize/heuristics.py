"""What sessionize asks of patterns: `rules.heuristics.patterns.Patterns` has it, and a test's own few words may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from weir.contracts.fast import FastEvent


class PatternFacts(Protocol):
    """What is said of a pattern."""

    @property
    def pack(self) -> str:
        """Name of its pack."""

    @property
    def version(self) -> str:
        """Version of its pack."""

    @property
    def category(self) -> str:
        """What kind of abuse it tells of."""


class PatternMatcher(Protocol):
    """Packs of patterns in some versions."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Pack to version."""

    def match(self, event: FastEvent, cut: tuple[str, ...] = (), /) -> tuple[str, ...]:
        """Ids of the patterns that match one of the event's strings, or one of its `cut` fields, each once."""

    def info(self, pattern: str, /) -> PatternFacts:
        """What is said of a pattern that matched."""


class InForce(Protocol):
    """The packs that should hold now: other ones may take their place at any time."""

    @property
    def current(self) -> PatternMatcher:
        """As of now."""

    def take_refusals(self) -> Mapping[str, int]:
        """Records about packs that were passed over since the last call, by reason."""

    def costs(self) -> Mapping[str, float]:
        """Pattern to the seconds that it takes for a text."""


Library = Callable[[Mapping[str, str]], PatternMatcher]
"""Gives packs in the versions that are asked for."""
