"""What visitors spend together: addresses and accounts, over all partitions. Bots drop their cookies.

The sums decide nothing here, and no session depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules.limits.budgets import Budget
from rules.limits.distinct import DistinctLimit
from rules.limits.sums import Sums, SumsState
from streams.sessionize.open_session import OpenSession
from weir.contracts.fast import FastEvent, encode
from weir.kafka.records import Output
from weir.networks import NOWHERE, AddressInfo, Networks
from weir.topics import RULES

SEED_EVENTS = 32
"""Events in a session from which on its items are counted: so many at most are taken from the session then."""


class Subjects:
    """Sums of one partition; a window that an event ends goes to the outputs."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what there is to know of limits
        self,
        partition: int,
        partitions: int,
        budgets: Sequence[Budget],
        limits: Sequence[DistinctLimit],
        networks: Networks,
        state: SumsState | None = None,
        *,
        assets_are_priced: bool = False,
    ) -> None:
        self._partition = partition
        self._sums = Sums(partition, partitions, budgets, limits, assets_are_priced=assets_are_priced)
        self._idle = self._sums.is_idle
        self._arrivals_without_account = not self._sums.need_accounts
        self._known_after = networks.rules.known_after
        self._known_price = networks.rules.known_price
        if state is not None:
            self._sums.restore(state)

    @property
    def state(self) -> SumsState:
        """What the constructor takes to go on from here."""
        return self._sums.state

    @property
    def head(self) -> SumsState:
        """The state but for what `changes` gives."""
        return self._sums.head

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call."""
        return self._sums.changes()

    def add(  # noqa: PLR0913, PLR0917 -- all that is known of an event; keywords cost a tenth of the call
        self,
        event: FastEvent,
        place: AddressInfo,
        session: OpenSession,
        ts: float,
        over: bool,  # noqa: FBT001 -- likewise
        is_asset: bool,  # noqa: FBT001 -- likewise
        number: int,
        outputs: list[Output],
    ) -> None:
        """Counts the `number`-th event of all; one that is over its visitor's own budget costs nobody else."""
        if self._idle:
            return
        sums = self._sums
        window = sums.window
        if not window.start <= ts < window.end:
            before = window.start
            if window.moves(ts, number):
                self._tell(before, outputs)
        events = session.events
        account = event.account_id
        if not over:
            price = place.price if events < self._known_after else place.price * self._known_price
            sums.spend(place.subject, account, event.type, price, is_asset)
        if (account is not None or self._arrivals_without_account) and (
            not events & (events - 1) or event.type == "login" or event.ip != session.ip
        ):
            sums.arrive(event.visitor_id, place.subject, account)
        if events >= SEED_EVENTS and event.item_id is not None:
            self._count_item(event.visitor_id, event.item_id, session)

    def _count_item(self, visitor: str, item: str, session: OpenSession) -> None:
        for counts in self._sums.items:
            if visitor not in counts:
                for touch in session.items or ():
                    counts.add(visitor, touch.item_id)
            counts.add(visitor, item)

    def _tell(self, before: float, outputs: list[Output]) -> None:
        for record in self._sums.end_window(before):
            what = "sums" if record.kind == "sums" else "distinct"
            outputs.append(Output(RULES, f"{what}/{self._partition}/{record.limit}".encode(), encode(record)))


def place_of(networks: Networks, event: FastEvent) -> AddressInfo | None:
    """Where an event comes from; None where nobody has a budget."""
    if event.ip is None:
        return NOWHERE
    place = networks.known.get(event.ip) or networks.place(event.ip)
    return None if (place.trusted or place.crawlers) and place.frees(event.user_agent) else place
