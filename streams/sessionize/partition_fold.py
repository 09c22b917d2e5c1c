"""Folds one partition's events in offset order.

The steps and their order are: decode, check the partition, clamp the time, drop duplicates and late events, raise the
watermark, close due sessions, fold, spend budgets, match patterns, publish. No step depends on where a batch ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from rules.limits.assets import AssetPricing
from rules.limits.budgets import Budget, Spent
from rules.limits.sums import SumsState
from streams.dead_letter import dead_letter
from streams.decode import Accepted, Refused, decode
from streams.sessionize import arrival, watermark
from streams.sessionize.accounts import TIMED_EVERY, Accounts, FoldTally
from streams.sessionize.config import FoldConfig
from streams.sessionize.deadlines import Deadlines
from streams.sessionize.dedupe import fingerprint, forget, forget_oldest, hand_over
from streams.sessionize.fold import add_hits, add_over, fold, open_session
from streams.sessionize.heuristics import PatternMatcher
from streams.sessionize.late import late
from streams.sessionize.merge import merge
from streams.sessionize.open_session import OpenSession, VisitorState
from streams.sessionize.placement import continues, first_with_room, fit, in_reach, is_late
from streams.sessionize.publish import CLOSED, RUNNING, SPLIT, Ending, publish
from streams.sessionize.spending import Charges, limit
from streams.sessionize.state import NEVER
from streams.sessionize.subjects import Subjects, address_info
from streams.sessionize.visitors import Visitors
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import FastEvent, encode
from weir.kafka.records import InputRecord, Output
from weir.networks import Networks


class PartitionFold:
    """Sessions, watermark and accounts of one partition."""

    def __init__(self, partition: int, partitions: int, config: FoldConfig, patterns: PatternMatcher) -> None:
        self.partition = partition
        self.partitions = partitions
        self._decimal = b"%d" % partition
        self.watermark = NEVER
        self.last_append_ms = -1
        self.accounts = Accounts()
        self.tally = FoldTally()
        self.outputs: list[Output] = []
        self.visitors = Visitors()
        self.deadlines = Deadlines(self.visitors.ends)
        self.configure(config, patterns)

    def configure(self, config: FoldConfig, patterns: PatternMatcher, sums: SumsState | None = None) -> None:
        """Sets configuration and patterns from the next record on; sums continue from `sums`, or begin empty."""
        self.config = config
        self.patterns = patterns
        self._packs = encode(config.packs)
        shared_budgets = config.address_budgets + config.account_budgets
        budgets = config.visitor_budgets + shared_budgets
        self.assets = AssetPricing(config.assets, [budget.costs for budget in budgets])
        self.charges = Charges(config.visitor_budgets, assets_are_priced=self.assets.is_in_force)
        self.networks = Networks(config.networks, config.address_rules)
        self.subjects = Subjects(
            self.partition,
            self.partitions,
            shared_budgets,
            config.distinct_limits,
            self.networks,
            sums,
            assets_are_priced=self.assets.is_in_force,
        )
        self.horizon = self._horizon()

    def restore(self, mark: float, last_append_ms: int, accounts: Accounts) -> int:
        """Restores the partition's state. Its visitors must be loaded before.

        Returns:
            Number of open sessions.
        """
        self.watermark = mark
        self.last_append_ms = last_append_ms
        self.accounts = accounts
        self.horizon = self._horizon()
        return self.deadlines.rebuild(self.visitors)

    def tidy(self) -> None:
        """Bounds the caches. It is called between batches, and changes no result."""
        self.visitors.trim()
        if self.deadlines.is_crowded(len(self.visitors)):
            self.deadlines.rebuild(self.visitors)

    def take(self, record: InputRecord) -> None:
        """Folds the next record of the partition."""
        accounts = self.accounts
        # Each path below counts exactly one outcome, so that the outcomes add up to the input (docs/guarantees.md).
        accounts.input += 1
        self.last_append_ms = appended_ms = record.timestamp
        if record.headers:
            if any(name == watermark.HEADER for name, _ in record.headers):
                self._take_watermark(record)
                return
            first = arrival.first_arrival(record)
            if first is not None:
                # The append time of a re-keyed record is when a worker sent it on, which may be long after the event
                # arrived.
                appended_ms = min(appended_ms, first.timestamp)
        decoded = decode(record.value, self.config.max_record_bytes)
        if isinstance(decoded, Refused):
            self._refuse(record, decoded.reason, decoded.detail)
            return
        event, ts = decoded.event, decoded.ts
        visitor = self.visitors.get(event.visitor_id)
        # A visitor with open sessions was checked at its first event, so murmur2 is computed only for others.
        if visitor is None and not arrival.is_in_place(record, event.visitor_id, self.partitions):
            self.outputs.append(arrival.rekeyed(record, event.visitor_id))
            accounts.rekeyed += 1
            return
        # The watermark is the greatest event time: without this clamp, one wrong clock would close all sessions.
        if ts - appended_ms / 1000.0 > self.config.max_ahead_s:
            ts = max(appended_ms / 1000.0, 0.0)
            accounts.clamped += 1
        self._take_event(record, decoded, ts, visitor)

    def _take_event(self, record: InputRecord, decoded: Accepted, ts: float, visitor: VisitorState | None) -> None:
        """Takes an event of this partition, with its clamped time."""
        event = decoded.event
        seen = fingerprint(event)
        # Duplicates are dropped before late events are, so that a repeated event is never counted as late.
        if visitor is not None and seen in visitor.seen:
            self.accounts.duplicate += 1
            return
        if ts < self.horizon and is_late(visitor.sessions if visitor else (), ts, self.config, self.horizon):
            self.outputs.append(late(record, event.visitor_id))
            self.accounts.late += 1
            return
        if ts > self.watermark:
            self._raise(ts)
        # Due sessions close before the event is folded, so that the order of revisions doesn't depend on batches.
        if self.deadlines.next < self.horizon:
            self._close_due()
            visitor = self.visitors.get(event.visitor_id)
        if visitor is None:
            visitor = self.visitors.add(event.visitor_id)
        else:
            self.visitors.changed[event.visitor_id] = None
        self._fold(record, decoded, ts, visitor, seen)

    def _fold(self, record: InputRecord, decoded: Accepted, ts: float, visitor: VisitorState, seen: int) -> None:
        """Folds an event that counts into its session, and publishes the session if it is due."""
        event = decoded.event
        accounts = self.accounts
        merges = accounts.merged
        session = self._place(event, ts, visitor)
        visitor.seen[seen] = session.number
        if len(visitor.seen) > self.config.max_fingerprints:
            # Bounds a visitor's state; an event that comes again after so many others is not recognised as a duplicate.
            forget_oldest(visitor, self.config.max_fingerprints)
        fold(session, event, ts, self.config.measures_posts)
        session.offset = record.offset
        session.appended_ms = record.timestamp
        accounts.folded += 1
        self.tally.types[event.type] += 1
        # Three calls of the clock for each event would cost as much as all budgets.
        is_timed = not accounts.folded % TIMED_EVERY
        begun_s = perf_counter() if is_timed else 0.0
        address = address_info(self.networks, event)
        over = False
        if address is not None:
            is_asset = self.assets.is_asset(event)
            uncovered = self.charges.spend(visitor, event.type, ts, address.visitor_price, is_asset)
            if uncovered:
                over = True
                self._note_over(uncovered, event.visitor_id, session)
            self.subjects.add(event, address, session, ts, over, is_asset, accounts.folded, self.outputs)
        is_due = over and session.rate_limited == 1
        spent_s = perf_counter() if is_timed else 0.0
        matched = self.patterns.match(event, decoded.cut)
        if is_timed:
            self.tally.limits_s += TIMED_EVERY * (spent_s - begun_s)
            self.tally.patterns_s += TIMED_EVERY * (perf_counter() - spent_s)
        if matched and self._note(matched, session):
            is_due = True
        events = session.events
        # A session is published at the 1st, 2nd, 4th, 8th … event, so that records stay few in long sessions, and at
        # once if something changed that a verdict may depend on.
        if is_due or not events & (events - 1) or event.type == "purchase" or accounts.merged != merges:
            self._publish(event.visitor_id, session)

    def _place(self, event: FastEvent, ts: float, visitor: VisitorState) -> OpenSession:
        """The session of the event, after any merge or split that the event causes."""
        if continues(visitor.sessions, ts, self.config):
            return visitor.sessions[0]
        reach = in_reach(visitor.sessions, ts, self.config.gap_s)
        if not reach:
            return self._open(event, ts, visitor)
        if fit(reach, ts, self.config):
            for other in reach[1:]:
                self._merge(event.visitor_id, visitor, reach[0], other)
            return reach[0]
        session = first_with_room(reach, ts, self.config)
        if session is not None:
            return session
        return self._split(event, ts, visitor, reach[0])

    def _open(self, event: FastEvent, ts: float, visitor: VisitorState) -> OpenSession:
        sessions = visitor.sessions
        session = open_session(event, ts, sessions[-1].number + 1 if sessions else 1)
        # A visitor needs another entry only if the new session ends first.
        if not sessions or ts < min(one.end for one in sessions):
            self.deadlines.add(ts, event.visitor_id, session.number)
        sessions.append(session)
        self.accounts.opened += 1
        return session

    def _merge(self, visitor_id: str, visitor: VisitorState, first: OpenSession, other: OpenSession) -> None:
        self._publish(visitor_id, other, Ending(final=True, merged_into=first.identity.hex()))
        merge(first, other)
        visitor.sessions.remove(other)
        hand_over(visitor, other.number, first.number)
        self.accounts.merged += 1

    def _split(self, event: FastEvent, ts: float, visitor: VisitorState, full: OpenSession) -> OpenSession:
        self._publish(event.visitor_id, full, SPLIT)
        self.accounts.split += 1
        # Before the full session leaves the list: a new number counts up from those in it, and tells whose a
        # fingerprint is.
        successor = self._open(event, ts, visitor)
        visitor.sessions.remove(full)
        hand_over(visitor, full.number, successor.number)
        return successor

    def _note_over(self, over: Sequence[tuple[Budget, Spent]], visitor_id: str, session: OpenSession) -> None:
        """Counts an event over budgets of its visitor, and writes a limit for each that was just crossed."""
        for budget, spent in over:
            add_over(session, budget.id)
            if spent.crossed:
                self.outputs.append(limit(visitor_id, budget, spent))
                self.tally.limits[budget.id] += 1
        session.rate_limited += 1

    def _note(self, matched: tuple[str, ...], session: OpenSession) -> bool:
        """Counts pattern hits; returns whether one of the patterns is new to the session."""
        found = False
        for pattern in matched:
            info = self.patterns.info(pattern)
            found |= add_hits(session, pattern, 1, info.version)
            self.tally.patterns[info.pack, info.category] += 1
            self.tally.rules[pattern] += 1
        return found

    def _close_due(self) -> None:
        """Closes every session that ended before the horizon, in the order of (end, visitor, opening)."""
        for visitor_id, number in self.deadlines.pop_due(self.horizon):
            visitor = self.visitors.at(visitor_id)
            session = next(one for one in visitor.sessions if one.number == number)
            self._publish(visitor_id, session, CLOSED)
            self.accounts.closed += 1
            if len(visitor.sessions) == 1:
                self.visitors.remove(visitor_id)
            else:
                visitor.sessions.remove(session)
                forget(visitor, number)
                self.visitors.changed[visitor_id] = None

    def _publish(self, visitor_id: str, session: OpenSession, ending: Ending = RUNNING) -> None:
        self.outputs.append(publish(visitor_id, session, self._decimal, ending, self._packs))
        self.accounts.revisions += 1

    def _take_watermark(self, record: InputRecord) -> None:
        try:
            mark = watermark.read_watermark(record, self.config.max_record_bytes)
        except watermark.BadWatermarkError as error:
            self._refuse(record, DeadLetterReason.BAD_WATERMARK, str(error))
            return
        self.accounts.watermark += 1
        # Any client that may write to the topic may send this header: as with events, one wrong clock must not close
        # all sessions.
        mark = watermark.clamped(mark, record.timestamp, self.config.max_ahead_s)
        if mark > self.watermark:
            self._raise(mark)
        if self.deadlines.next < self.horizon:
            self._close_due()

    def _refuse(self, record: InputRecord, reason: DeadLetterReason, detail: str) -> None:
        self.outputs.append(dead_letter(record, reason, detail))
        self.accounts.dead_letter += 1
        self.tally.reasons[reason] += 1

    def _raise(self, mark: float) -> None:
        self.watermark = mark
        self.horizon = self._horizon()

    def _horizon(self) -> float:
        """Event time before which a session's end makes it due for closing."""
        return self.watermark - self.config.gap_s - self.config.grace_s
