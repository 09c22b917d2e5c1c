"""Whether one forecaster is better than another, with a test that may be looked at as often as one likes.

A gambler who may bet on the difference in squared error before each example can't get rich if there is none in the
candidate's favour: whenever the fortune has grown tenfold, chance would have done so in at most one of ten whole
histories, however often somebody looked (Ville's inequality; Choe and Ramdas, "Comparing Sequential Forecasters",
Operations Research 2024). Squared errors (Brier's score), since one wrong answer must not outweigh twenty right ones,
as it does in log loss.
"""

from __future__ import annotations

import msgspec

LARGEST_LEAD = 0.5
"""Difference of squared errors beyond which a single example counts no more: bets need bounds."""
_RICHEST = 1e12
_STAKES = (0.1, 0.2, 0.4, 0.8)
"""Shares of what a gambler owns that are bet on an example; each starter splits the money among so many gamblers."""
_MOST_STARTS = 6
_TAKEN = 0.2
"""Share of the money at hand that who begins is given."""


class Evidence(msgspec.Struct, array_like=True):
    """Gamblers who began at different times with one purse: a candidate may become better only when the world does.

    What isn't bet stays in the purse, and who gives up hands back what is left: so all together never own more than
    they would by chance, and evidence that comes late is not held against years of none.
    """

    purse: float = 1.0
    fortunes: list[list[float]] = []
    """Of each start, oldest first: what its gamblers own."""

    def begin(self) -> None:
        """Lets new gamblers begin; the oldest give up when they are too many."""
        if len(self.fortunes) >= _MOST_STARTS:
            self.purse += sum(self.fortunes.pop(0))
        taken = _TAKEN * self.purse
        self.purse -= taken
        self.fortunes.append([taken / len(_STAKES)] * len(_STAKES))

    def add(self, lead: float) -> None:
        """Takes one example; `lead` is the rival's squared error less the candidate's."""
        if not self.fortunes:
            self.begin()
        won = max(-1.0, min(1.0, lead / LARGEST_LEAD))
        for fortune in self.fortunes:
            for at, stake in enumerate(_STAKES):
                fortune[at] = min(fortune[at] * (1.0 + stake * won), _RICHEST)

    @property
    def fortune(self) -> float:
        """What 1 has become; at least 10 is significant at 10 %, whenever it is asked for."""
        return self.purse + sum(map(sum, self.fortunes))


def squared_error(score: float, *, bad: bool) -> float:
    """Brier's score of one example."""
    return (score - bad) ** 2
