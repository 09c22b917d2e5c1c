"""Packs of patterns in all versions that a state may name: a replay must use the versions that folded the input."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NoReturn

from rules.heuristics.cost import Costs
from rules.heuristics.pack import Pack, parse_pack
from rules.heuristics.patterns import Patterns
from streams.packs.ledger import PackLedger, Refusal, RefusedRecordError
from weir.contracts import CurrentPack, PackVersion
from weir.contracts.fast import FastEvent
from weir.errors import LostInputError, SettingsError

PATIENCE_S = 5.0
"""How long a session waits for the record of its packs. The packs and sessions topics have no common order."""
KEPT = 8
"""Sets of earlier pack versions that stay compiled."""
log = logging.getLogger("weir.rules")


class PackLibrary:
    """The packs in force: those of the files, and those of the rules topic that replace them.

    No record of the topic can stop a worker. A record that is no pack, or whose pack clashes with another, is skipped,
    counted and logged, and the version before stays in force.

    One thread may offer records while others read: `current` is replaced as a whole.
    """

    def __init__(self, files: Patterns) -> None:
        self._files = {pack.name: pack for pack in files.packs}
        self._current = files
        self._ledger = PackLedger()
        self._compiled: dict[tuple[str, str], Pack | None] = {}
        self._of_then_cached: dict[tuple[tuple[str, str], ...], Patterns] = {}
        self._refused: Counter[Refusal] = Counter()
        self._lock = threading.RLock()
        self._came = threading.Condition(self._lock)
        self._measured: Patterns | None = None
        self._costs: dict[str, float] = {}
        self._is_live = False
        self._is_stale = False

    @property
    def current(self) -> Patterns:
        """The packs in force.

        Before the first read, records are only collected. After it, each record takes effect when it is offered.
        """
        if not self._is_live:
            with self._lock:
                self._is_live = True
                self._settle()
        return self._current

    def offer(self, key: bytes, value: bytes | None) -> None:
        """Takes a record of the rules topic about packs."""
        with self._lock:
            try:
                self._is_stale |= self._ledger.offer(key, value)
            except RefusedRecordError as error:
                self.refuse(error.reason, f"record {key!r}: {error.detail}")
            if self._is_live:
                self._settle()
            self._drop_stand_ins()
            self._came.notify_all()

    def take_over(self, ledger: PackLedger) -> None:
        """Replaces all offered records by a ledger that was read elsewhere."""
        with self._lock:
            self._ledger = ledger
            self._is_stale = True
            if self._is_live:
                self._settle()

    def refuse(self, reason: Refusal, detail: str) -> None:
        """Counts and logs a skipped record."""
        with self._lock:
            self._refused[reason] += 1
        log.warning("skipped a record of the rules topic: %s", detail)

    def take_refusals(self) -> Mapping[str, int]:
        """Number of skipped records since the last call, by reason."""
        if not self._refused:
            return {}
        with self._lock:
            taken, self._refused = self._refused, Counter()
        return {str(reason): count for reason, count in taken.items()}

    def costs(self) -> Mapping[str, float]:
        """Seconds for a text by pattern, for patterns written in a pack; measured once after each change."""
        with self._lock:
            current = self.current
            if self._measured is not current:
                entries = [entry for pack in current.packs for entry in pack.patterns_in_force]
                costs = Costs(entries)
                own = [entry for entry in entries if any(entry.id in (pack.lines or {}) for pack in current.packs)]
                self._costs = {entry.id: costs.mean_us(entry) / 1e6 for entry in own}
                self._measured = current
            return self._costs

    def get(self, versions: Mapping[str, str]) -> Patterns | LostPatterns:
        """The packs in these versions.

        If a version is missing, then the error is raised when an event is matched: after a clean stop, no event is.
        """
        return self._as_of(versions)

    def of_session(self, versions: Mapping[str, str] | None) -> Patterns:
        """The packs in the versions that folded a session, or those in force if a version is missing.

        If the session names no versions (None), then the packs in force are returned. A session may arrive before the
        record of its packs, so this method waits up to `PATIENCE_S` for the record.
        """
        current = self.current
        if versions is None:
            return current
        wanted = tuple(sorted(versions.items()))
        if wanted == tuple(current.versions.items()):
            return current
        with self._lock:
            known = self._of_then_cached.get(wanted)
            if known is None:
                self._came.wait_for(lambda: all(self._is_known(*one) for one in wanted), PATIENCE_S)
                found = self._as_of(versions)
                if isinstance(found, LostPatterns):
                    log.warning("judging by the packs in force, as a version is missing: %s", found.error)
                    found = current
                # The cache is bounded, as each set of compiled patterns takes memory and a replay may need many.
                while len(self._of_then_cached) >= KEPT:
                    del self._of_then_cached[next(iter(self._of_then_cached))]
                known = self._of_then_cached[wanted] = found
        return known

    def known(self, name: str) -> list[str]:
        """The versions of a pack that `get` finds: the file's first, then those of the topic in their order."""
        own = self._files.get(name)
        with self._lock:
            return list(dict.fromkeys([*([own.version] if own is not None else ()), *self._ledger.versions(name)]))

    def published(self, name: str) -> CurrentPack | None:
        """The topic's record of a pack's version in force, with time, author and reason; None without one."""
        with self._lock:
            return self._ledger.current.get(name)

    def file_records(self) -> list[PackVersion]:
        """Records with the files' packs, for other and later workers."""
        return [PackVersion(pack=pack.name, version=pack.version, source=pack.source) for pack in self._files.values()]

    def _settle(self) -> None:
        """Puts the topic's versions in force, as far as they are present and valid."""
        if not self._is_stale:
            return
        self._is_stale = False
        packs = dict(self._files)
        waiting = sorted(self._ledger.current.values(), key=lambda record: (record.at, record.pack))
        # A pattern may move from one pack to another. The pack that receives it clashes until the other one is
        # replaced, so clashing packs are tried again.
        while waiting:
            refused = [record for record in waiting if not self._put(record, packs)]
            if len(refused) == len(waiting):
                break
            waiting = refused
        for record in waiting:
            self.refuse("conflict", f"{record.pack} {record.version} has a pattern that another pack has")
        if {name: pack.version for name, pack in packs.items()} != dict(self._current.versions):
            self._current = Patterns(list(packs.values()))
            log.info("packs in force: %s", ", ".join(f"{n} {v}" for n, v in self._current.versions.items()))

    def _drop_stand_ins(self) -> None:
        """Drops cached packs that stand in for missing versions, as the record offered now may have these."""
        known = self._of_then_cached.items()
        self._of_then_cached = {wanted: found for wanted, found in known if dict(found.versions) == dict(wanted)}

    def _put(self, record: CurrentPack, packs: dict[str, Pack]) -> bool:
        """Adds the newest available version to the packs; False if it clashes with another pack."""
        for version in self._ledger.wanted(record.pack):
            pack = self._pack(record.pack, version)
            if pack is not None:
                break
        else:
            return True
        if clashes(pack, packs.values()):
            return False
        packs[pack.name] = pack
        return True

    def _pack(self, name: str, version: str) -> Pack | None:
        """A pack from the topic or a file; None if the version is missing or refused."""
        own = self._files.get(name)
        if own is not None and own.version == version:
            return own
        if (name, version) not in self._ledger.sources:
            self.refuse("unknown", f"there is no version {version} of {name}")
            return None
        if (name, version) not in self._compiled:
            self._compiled[name, version] = self._parsed(name, version)
        return self._compiled[name, version]

    def _parsed(self, name: str, version: str) -> Pack | None:
        try:
            pack = parse_pack(f"{name}.yaml", self._ledger.sources[name, version])
        except SettingsError as error:
            self.refuse("invalid", f"{name} {version}: {error.message}")
            return None
        # The version contains a digest of the patterns, so a program that parses them differently is noticed.
        if (pack.name, pack.version) != (name, version):
            self.refuse("invalid", f"{name} {version} is parsed here as {pack.name} {pack.version}")
            return None
        return pack

    def _as_of(self, versions: Mapping[str, str]) -> Patterns | LostPatterns:
        current = self.current
        if dict(versions) == dict(current.versions):
            return current
        try:
            return Patterns([self._of_then(*wanted) for wanted in versions.items()])
        except LostInputError as error:
            return LostPatterns(versions, error)

    def _is_known(self, name: str, version: str) -> bool:
        own = self._files.get(name)
        return (own is not None and own.version == version) or (name, version) in self._ledger.sources

    def _of_then(self, name: str, version: str) -> Pack:
        with self._lock:
            pack = self._pack(name, version)
        if pack is None:
            raise LostInputError(
                f"The state was written with version {version} of the pack {name}, which is missing.",
                "Start the workers once with that version and stop them cleanly, then change the pack.",
            )
        return pack


def clashes(pack: Pack, others: Iterable[Pack]) -> list[str]:
    """Ids in force in the pack that other packs have too."""
    taken = {entry_id for other in others if other.name != pack.name for entry_id in _ids(other)}
    return sorted(taken & _ids(pack))


def _ids(pack: Pack) -> set[str]:
    return {entry.id for entry in (*pack.patterns_in_force, *pack.rules_in_force)}


class LostPatterns:
    """Packs of which one is not to be had."""

    def __init__(self, versions: Mapping[str, str], error: LostInputError) -> None:
        self.versions = versions
        self.error = error

    def match(self, _event: FastEvent, _cut: tuple[str, ...] = (), /) -> tuple[str, ...]:
        """Raises the error that names the missing version.

        Raises:
            LostInputError: always.
        """
        raise self.error

    def info(self, pattern: str, /) -> NoReturn:
        """Knows none.

        Raises:
            KeyError: always.
        """
        raise KeyError(pattern)
