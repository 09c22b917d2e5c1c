"""What lies on the topics after a run, against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from rules.heuristics.patterns import load_packs
from rules.limits.budgets import Budget as GivenBudget
from rules.limits.budgets import load_budgets
from tests.chaos.judges import Judges, most_memory_mib, no_search_for_cycles
from tests.chaos.oracle import logs
from tests.chaos.oracle.expected import Accounts
from tests.chaos.oracle.judging import PUT_ASIDE, READ, differences, put_aside
from tests.chaos.oracle.records import Assets, Budget, Distinct, Record
from tests.chaos.oracle.records import Settings as OracleSettings
from tests.chaos.oracle.shares import Places, Shares
from tests.chaos.rule_book import rule_book
from tests.chaos.timeline import Timeline, note_session
from weir.settings import Settings


@dataclass(frozen=True)
class Verdict:
    """How a run was judged."""

    differences: list[str]
    """A sentence for each way in which something was lost, doubled, torn or wrong; none for a flawless run."""
    accounts: dict[int, Accounts]
    """By partition: what must have become of the input."""
    outputs: int
    """Records compared."""
    timeline: Timeline
    most_memory_mib: float
    """Of all processes that judged, together."""

    @property
    def read(self) -> int:
        """Records of the input."""
        return sum(accounts.read for accounts in self.accounts.values())


def verdict(settings: Settings, begun_ms: int, told: Callable[[str], None]) -> Verdict:
    """Reads everything that is committed, and compares. All stages but heuristics and people must be in shadow."""
    own = oracle_settings(settings)
    line, watch = Timeline(begun_ms), Places()
    topics = {name: _Counting(logs.Topic(settings.bootstrap_servers, own.topic(name))) for name in (*READ, "scores")}

    def noted(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            if record.topic == own.topic("sessions"):
                note_session(line, record)
                watch.note(record)
            yield record

    with (
        TemporaryDirectory(prefix="weir-judge-") as folder,
        closing(Judges(settings.bootstrap_servers, own, begun_ms, Path(folder))) as judges,
        no_search_for_cycles(),
    ):
        with Shares(Path(folder), "found") as shares:
            put_aside(noted(chain.from_iterable(topics[name] for name in PUT_ASIDE)), own, shares)
        aside = sum(topics[name].records for name in PUT_ASIDE)
        told(f"{aside:,} sessions and flags are read; working out what the input must come to")
        expected, of_input = judges.expected(watch)
        line.events = of_input.events
        told(f"{sum(accounts.read for accounts in expected.accounts.values()):,} records of it are; comparing")
        book = rule_book(load_packs(()))
        found = differences(expected, topics, judges.shares, book=book, scores=topics["scores"], may_be_compacted=True)
        told_differences = list(found)
    return Verdict(
        told_differences,
        dict(expected.accounts),
        sum(topics[name].records for name in READ),
        line,
        most_memory_mib() + judges.most_memory_mib,
    )


@dataclass
class _Counting(Iterable[Record]):
    """A topic that counts its records."""

    topic: logs.Topic
    records: int = 0
    """Of the last time that it was gone through."""

    def __iter__(self) -> Iterator[Record]:
        self.records = 0
        for record in self.topic:
            self.records += 1
            yield record


def oracle_settings(settings: Settings) -> OracleSettings:
    """The same settings in the oracle's words: it shares no code with Weir."""
    budgets = load_budgets(settings.limits_file)
    return OracleSettings(
        partitions=settings.partitions,
        topic_prefix=settings.topic_prefix,
        gap_s=settings.gap_s,
        grace_s=settings.grace_s,
        max_ahead_s=settings.max_ahead_s,
        max_record_bytes=settings.max_record_bytes,
        budgets=tuple(map(in_own_words, budgets.visitor)),
        shared=tuple(map(in_own_words, budgets.shared)),
        distinct=tuple(
            Distinct(limit.id, limit.kind, _ONE[limit.of], limit.at_most, limit.window_s)
            for limit in budgets.distinct
            if limit.of in _ONE
        ),
        known_after=budgets.addresses.known_after,
        known_price=budgets.addresses.known_price,
        assets=Assets(frozenset(budgets.assets.types), frozenset(budgets.assets.extensions)),
        human_sources=settings.human_sources,
        answer_verdict=settings.answer_verdict,
        answer_holds_s=settings.answer_holds_s,
        reports_for_review=settings.reports_for_review,
        reports_for_throttle=settings.reports_for_throttle,
        report_holds_s=settings.report_holds_s,
        reports_throttle_s=settings.reports_throttle_s,
    )


_ONE = {"visitors": "visitor", "addresses": "address", "accounts": "account"}


def in_own_words(budget: GivenBudget) -> Budget:
    """A budget as the oracle has it."""
    return Budget(
        budget.id,
        budget.capacity,
        budget.refill_per_s,
        budget.recovery_share,
        dict(budget.costs),
        budget.default_cost,
        budget.kind,
        budget.reason,
    )
