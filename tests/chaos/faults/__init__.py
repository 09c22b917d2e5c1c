"""What can go wrong, each as a method of `Faults`: it begins, lasts, and is over when the method returns."""

from __future__ import annotations

import random

from tests.chaos.faults.brokers import OfBrokers
from tests.chaos.faults.log import OfTheLog
from tests.chaos.faults.network import OfNetwork
from tests.chaos.faults.place import LeftOutError
from tests.chaos.faults.rebalances import OfRebalances
from tests.chaos.faults.workers import OfWorkers
from tests.chaos.plan import Planned

__all__ = ["Faults", "LeftOutError"]


class Faults(OfWorkers, OfBrokers, OfRebalances, OfNetwork, OfTheLog):
    """All faults, and what they act upon."""

    def happen(self, planned: Planned) -> str:
        """Has a planned fault happen, with its own seed; gives a note for the report.

        Raises:
            LeftOutError: it is impossible here.
        """
        self.randomness = random.Random(planned.seed)
        note: str = getattr(self, planned.fault)()
        return note
