from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.contestants.contestant import Command, RunEnvironment, Traits
from bench.events.spec import LogSpec
from bench.measure.rates import measure_rates
from bench.unavailable import UnavailableError


@dataclass(frozen=True)
class _Peer:
    name: str
    reason: str = ""

    @property
    def traits(self) -> Traits:
        return Traits(self.name, self.name, "1", exactly_once=True, remarks="")

    def prepare(self, home: Path) -> None:
        del home
        if self.reason:
            raise UnavailableError(self.reason)

    def lay_out(self, place: RunEnvironment) -> str:
        raise AssertionError(place)

    def commands(self, place: RunEnvironment) -> list[Command]:
        raise AssertionError(place)


@pytest.mark.parametrize(
    "chosen", [[_Peer("one"), _Peer("other", "no such package")], [_Peer("other", "no such package")]]
)
def test_nobody_runs_where_there_is_nobody_to_be_compared_with(chosen: Sequence[_Peer], tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="other: no such package"):
        measure_rates(chosen, LogSpec(), 1, tmp_path)
