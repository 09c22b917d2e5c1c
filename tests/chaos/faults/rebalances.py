"""Workers come and go, and the partitions with them."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from tests.chaos.faults.place import READY_TIMEOUT_S, Stricken
from tests.chaos.member import Member

VERSION = "WEIR_PACK_FILES"
LONGEST_START_S = 8.0
"""From a worker's start until it works, on a machine that has other work."""
PACK = """\
pack: chaos
version: "{version}"
owner: chaos
description: Rules that the traffic never meets; a new version of them is a new version of the workers.
patterns:
  - id: chaos/never
    category: scanner
    reason: Nobody calls itself so.
    field: user_agent
    weight: 0.5
    regex: never-seen-{version}
    match: ["never-seen-{version}"]
    no_match: ["seen"]
"""


class OfRebalances(Stricken):
    """Family `rebalances`."""

    def storm(self) -> str:
        """Workers join and leave every few seconds, whether the others are ready or not."""
        usual = self.fleet.wanted
        for _ in range(3):
            self.fleet.resize(usual + 1)
            self._last(self.randomness.uniform(1.0, 3.0))
            self.fleet.resize(max(1, usual - 1))
            self._last(self.randomness.uniform(0.5, 2.0))
        self.fleet.resize(usual)
        return "3 times one more and one less"

    def more_workers_than_partitions(self) -> str:
        """Some have nothing to do, until others go."""
        usual = self.fleet.wanted
        self.fleet.resize(self.settings.partitions + 1)
        come = self._until(lambda: self.fleet.is_ready, READY_TIMEOUT_S)
        self.fleet.resize(usual)
        return f"{self.settings.partitions + 1} workers{'' if come else ', not all of them ready'}"

    def rolling_restart(self) -> str:
        """One after another is replaced by one with other rules and settings; the next waits until all are ready."""
        version = self.randomness.randrange(10**6)
        self.fleet.environment = {**self.fleet.environment, **self._version(version)}
        for member in list(self.fleet.members):
            member.send(signal.SIGTERM)
            self._until_replaced(member)
        return f"version {version}"

    def start_together(self) -> str:
        """All are stopped, and started again at the same moment, as an orchestrator starts replicas."""
        started = self.fleet.start_together()
        self._until(lambda: self.fleet.is_ready, READY_TIMEOUT_S)
        return f"{len(started)} at once{self._ended_of(started)}"

    def start_together_and_kill_one(self) -> str:
        """Likewise, and SIGKILL of one of them at some moment of the start."""
        started = self.fleet.start_together()
        self._last(self.randomness.uniform(0.0, LONGEST_START_S))
        victim = self.randomness.choice(started)
        victim.send(signal.SIGKILL)
        self._until(lambda: victim not in self.fleet.members and self.fleet.is_ready, READY_TIMEOUT_S)
        others = [member for member in started if member is not victim]
        return f"{len(started)} at once, {victim.name} killed{self._ended_of(others)}"

    def _ended_of(self, started: Sequence[Member]) -> str:
        """A word about workers that ended by themselves: none must."""
        names = [member.name for member in started if member.process.poll() is not None]
        if names:
            self.fleet.unasked += names
        return f", {' and '.join(names)} ended by itself" if names else ", none ended"

    def _version(self, version: int) -> dict[str, str]:
        """Another version of the rules, and other settings that decide about no result."""
        pack = self.folder / f"pack-{version}.yaml"
        pack.write_text(PACK.format(version=version))
        return {
            VERSION: str(pack),
            "WEIR_MAX_BATCH_RECORDS": str(self.randomness.randint(500, 3_000)),
            "WEIR_CHECKPOINT_INTERVAL_S": f"{self.randomness.uniform(0.5, 4.0):.1f}",
        }

    def _until_replaced(self, member: Member) -> None:
        self._until(lambda: member not in self.fleet.members and self.fleet.is_ready, READY_TIMEOUT_S)
