"""Sums of what an address's or account's visitors spend; a bot that drops its cookies has many visitor ids.

The sums of all partitions are added up elsewhere. No session depends on them.
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
"""Events in a session from which its items are counted. At that point, at most so many are taken from the session."""


class Subjects:
    """Sums of one partition. When an event ends a window, the window's sums are published."""

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
        """The state, from which another instance can continue."""
        return self._sums.state

    @property
    def head(self) -> SumsState:
        """The state without the entries that `changes` returns."""
        return self._sums.head

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call."""
        return self._sums.changes()

    def add(  # noqa: PLR0913, PLR0917 -- all that is known of an event; keywords cost a tenth of the call
        self,
        event: FastEvent,
        address: AddressInfo,
        session: OpenSession,
        ts: float,
        over: bool,  # noqa: FBT001 -- likewise
        is_asset: bool,  # noqa: FBT001 -- likewise
        number: int,
        outputs: list[Output],
    ) -> None:
        """Counts the `number`-th event; one over its visitor's own budget is not charged to address and account."""
        if self._idle:
            return
        sums = self._sums
        window = sums.window
        if not window.start <= ts < window.end:
            before = window.start
            if window.moves(ts, number):
                self._publish_window(before, outputs)
        events = session.events
        account = event.account_id
        if not over:
            price = address.price if events < self._known_after else address.price * self._known_price
            sums.spend(address.subject, account, event.type, price, is_asset)
        if (account is not None or self._arrivals_without_account) and (
            not events & (events - 1) or event.type == "login" or event.ip != session.ip
        ):
            sums.arrive(event.visitor_id, address.subject, account)
        if events >= SEED_EVENTS and event.item_id is not None:
            self._count_item(event.visitor_id, event.item_id, session)

    def _count_item(self, visitor: str, item: str, session: OpenSession) -> None:
        for counts in self._sums.items:
            if visitor not in counts:
                for touch in session.items or ():
                    counts.add(visitor, touch.item_id)
            counts.add(visitor, item)

    def _publish_window(self, before: float, outputs: list[Output]) -> None:
        for record in self._sums.end_window(before):
            what = "sums" if record.kind == "sums" else "distinct"
            outputs.append(Output(RULES, f"{what}/{self._partition}/{record.limit}".encode(), encode(record)))


def address_info(networks: Networks, event: FastEvent) -> AddressInfo | None:
    """The rules for the event's address; None if visitors have no budgets there."""
    if event.ip is None:
        return NOWHERE
    address = networks.known.get(event.ip) or networks.place(event.ip)
    return None if (address.trusted or address.crawlers) and address.frees(event.user_agent) else address
