"""Whether one forecaster is better than another, by a test that may be evaluated after every example.

Before each example a share of some wealth is bet that the candidate's squared error will be the smaller one. If the
candidate is not better, the wealth is an e-process: the probability that it ever grows tenfold is at most one in ten,
however often it is looked at (Ville's inequality). Squared errors (Brier's score) rather than log losses, since in log
loss one wrong label outweighs twenty right ones.

References:
    Choe and Ramdas, "Comparing Sequential Forecasters", Operations Research 2024.
"""

from __future__ import annotations

import msgspec

LARGEST_LEAD = 0.5
"""Differences of squared errors count up to this one: a bet must be bounded."""
_LARGEST_WEALTH = 1e12
_BET_SHARES = (0.1, 0.2, 0.4, 0.8)
"""Shares of the wealth that are bet on an example: each start splits its wealth among so many processes, since the best
share is not known beforehand."""
_MOST_STARTS = 6
_START_SHARE = 0.2
"""Share of the reserve that a new start is given."""


class Evidence(msgspec.Struct, array_like=True):
    """An e-value that a candidate is better than its rival, from processes that started at different times.

    Later starts find a candidate that becomes better only when the traffic changes. All starts are paid from one unit
    of wealth, and a start that ends returns what is left, so that their sum remains an e-process.

    Example:
        >>> evidence = Evidence()
        >>> evidence.e_value
        1.0
        >>> for _ in range(40):
        ...     evidence.add(0.2)
        >>> evidence.e_value > 10
        True
    """

    reserve: float = 1.0
    wealths: list[list[float]] = []
    """Wealth of each process, by start, oldest first."""

    def start(self) -> None:
        """Starts new processes; the oldest start ends if there are too many."""
        if len(self.wealths) >= _MOST_STARTS:
            self.reserve += sum(self.wealths.pop(0))
        given = _START_SHARE * self.reserve
        self.reserve -= given
        self.wealths.append([given / len(_BET_SHARES)] * len(_BET_SHARES))

    def add(self, lead: float) -> None:
        """Takes one example.

        Args:
            lead: The rival's squared error less the candidate's.
        """
        if not self.wealths:
            self.start()
        gain = max(-1.0, min(1.0, lead / LARGEST_LEAD))
        for wealth in self.wealths:
            for at, share in enumerate(_BET_SHARES):
                wealth[at] = min(wealth[at] * (1.0 + share * gain), _LARGEST_WEALTH)

    @property
    def e_value(self) -> float:
        """All wealth; 10 or more is significant at the level of 10 %, whenever it is looked at."""
        return self.reserve + sum(map(sum, self.wealths))


def squared_error(score: float, *, bad: bool) -> float:
    """Brier's score of one example."""
    return (score - bad) ** 2
