"""The sessionize stage: state entries, recovery, metrics and the idle watermark.

`partition_fold.py` folds the events.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import msgspec

from rules.limits.sums import with_entries
from streams.sessionize import watermark
from streams.sessionize.accounts import FoldTally, report
from streams.sessionize.config import FOLD_VERSION, FoldConfig
from streams.sessionize.heuristics import InForce, Library, PatternMatcher
from streams.sessionize.partition_fold import PartitionFold
from streams.sessionize.state import Meta, decode_meta, encode_meta
from streams.sessionize.visitors import PREFIX
from streams.task import Effects, Task
from weir.errors import WorkError
from weir.kafka.records import InputRecord

log = logging.getLogger("weir.sessionize")

META = b"a"
"""State key of the partition's own entry."""


class SessionizeTask(Task):
    """Folds one partition's events into sessions, spends budgets and matches patterns.

    Args:
        partition: The input partition.
        partitions: Number of partitions of the events topic.
        config: The configuration from the end of recovery on; until then, the one in the state holds.
        library: Returns packs in the versions of a configuration.
        in_force: The packs in force, which replace the configuration's; None if packs can't change.

    """

    replays_from_checkpoint = True

    def __init__(
        self, partition: int, partitions: int, config: FoldConfig, library: Library, in_force: InForce | None = None
    ) -> None:
        self._config = config
        self._library = library
        self._in_force = in_force
        self._taken: PatternMatcher | None = None
        self._shown: dict[str, str] = {}
        self._meta: Meta | None = None
        self._sums: dict[bytes, bytes] = {}
        self._idle_sent = False
        self._idle_sent_s: float | None = None
        self._written = b""
        self._fold = PartitionFold(partition, partitions, config, library(config.packs))

    @property
    def fold(self) -> PartitionFold:
        """The partition's fold, for inspection."""
        return self._fold

    def load(self, key: bytes, value: bytes) -> None:
        """Restores a visitor, sums, or the partition's own entry.

        Raises:
            WorkError: Another fold version wrote the state, so its input can't be replayed.
        """
        if key == META:
            try:
                self._meta = decode_meta(value)
            except msgspec.DecodeError as error:
                raise WorkError(f"The partition's state entry can't be read: {error}.", _OTHER_VERSION) from error
            if self._meta.config.fold_version != FOLD_VERSION:
                raise WorkError(
                    f"The state has fold version {self._meta.config.fold_version}, this program {FOLD_VERSION}.",
                    _OTHER_VERSION,
                )
        elif key[:1] == PREFIX:
            self._fold.visitors.load(key, value)
        else:
            self._sums[key] = value

    def loaded(self) -> None:
        """Sets the configuration of the state, which holds until the end of recovery.

        Raises:
            WorkError: An entry can't be decoded, or sessions are missing.
        """
        if self._meta is None:
            return
        try:
            sums = with_entries(self._meta.sums, self._sums) if self._meta.sums is not None else None
            self._sums = {}
            self._fold.configure(self._meta.config, self._library(self._meta.config.packs), sums)
        except (msgspec.DecodeError, ValueError) as error:
            raise WorkError(f"The state of limits can't be read: {error}.", _OTHER_VERSION) from error
        try:
            found = self._fold.restore(self._meta.watermark, self._meta.last_append_ms, self._meta.accounts)
        except msgspec.DecodeError as error:
            raise WorkError(f"A visitor's state can't be read: {error}.", _OTHER_VERSION) from error
        expected = self._fold.accounts.open
        if found != expected:
            raise WorkError(
                f"The state of partition {self._fold.partition} of sessionize is incomplete: it counts {expected} open "
                f"sessions and contains {found}.",
                "The state topic may have been created anew, or records of it deleted. Restore the topic, or start "
                "with another application id.",
            )

    def recovered(self) -> None:
        """Sets the present configuration, after the replay."""
        if self._meta is not None:
            self._log_changes(self._meta.config)
            self._meta = None
        config, patterns = self._config, None
        if self._in_force is not None:
            patterns = self._taken = self._in_force.current
            config = msgspec.structs.replace(config, packs=dict(patterns.versions))
        if self._fold.config != config:
            self._fold.configure(config, patterns or self._library(config.packs), self._fold.subjects.state)

    @property
    def is_outdated(self) -> bool:
        """Whether other packs are in force than at the last `recovered` or `renew`."""
        return self._in_force is not None and self._in_force.current is not self._taken

    def renew(self) -> None:
        """Sets the packs in force."""
        self.recovered()

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        """Folds records of the events topic, in offset order."""
        if not records:
            return
        fold = self._fold
        before = msgspec.structs.replace(fold.accounts)
        fold.tally = FoldTally()
        fold.outputs = effects.outputs
        for record in records:
            fold.take(record)
        self._idle_sent = False
        fold.tidy()
        report(effects, before, fold.accounts, fold.tally)
        self._set_gauges(effects)

    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """State entries of visitors and sums that changed since the last call, and the partition's own entry."""
        fold = self._fold
        entries = fold.visitors.changes()
        entries += fold.subjects.changes()
        head = fold.subjects.head
        meta = encode_meta(Meta(fold.config, fold.watermark, fold.last_append_ms, fold.accounts, head))
        if meta != self._written:
            entries.append((META, meta))
            self._written = meta
        return entries

    def tick(self, now_s: float, effects: Effects) -> None:
        """Writes one idle watermark after `idle_timeout_s` of silence, if sessions are open."""
        # Here too, since a recovered partition whose input is silent would show no open sessions otherwise.
        self._set_gauges(effects)
        fold = self._fold
        if self._idle_sent or fold.last_append_ms < 0 or not fold.accounts.open:
            return
        silence_s = now_s - fold.last_append_ms / 1000.0
        if self._idle_sent_s is not None:
            # Brokers set append times, and this worker's clock may be ahead of theirs. The last idle watermark was
            # appended too, so by this worker's own clock the silence can't be longer than the time since then.
            silence_s = min(silence_s, now_s - self._idle_sent_s)
        if silence_s >= fold.config.idle_timeout_s:
            effects.outputs.append(watermark.idle_watermark(fold.partition, fold.watermark + silence_s))
            self._idle_sent = True
            self._idle_sent_s = now_s

    def progress(self) -> bytes:
        """Watermark, last append time and accounts, which a replay must reproduce."""
        fold = self._fold
        return encode_meta((fold.watermark, fold.last_append_ms, fold.accounts))

    def _log_changes(self, before: FoldConfig) -> None:
        """Logs settings that differ from the last owner's. Beside running workers, a difference is a mistake."""
        changed = [
            name
            for name in FoldConfig.__struct_fields__
            if name != "packs" and getattr(before, name) != getattr(self._config, name)
        ]
        described = ", ".join(
            f"{name} ({getattr(before, name)!r} before, now {getattr(self._config, name)!r})"
            if isinstance(getattr(self._config, name), int | float)
            else name
            for name in changed
        )
        if changed:
            log.warning(
                "settings of sessionize differ from the last owner's: partition=%d: %s. All workers must have the same "
                "settings, except during a rolling restart.",
                self._fold.partition, described,
            )  # fmt: skip

    def _set_gauges(self, effects: Effects) -> None:
        partition = str(self._fold.partition)
        effects.set(self._fold.accounts.open, "sessions_open", partition)
        if self._fold.watermark >= 0:
            effects.set(self._fold.watermark, "watermark_timestamp_seconds", partition)
        self._show_packs(effects)

    def _show_packs(self, effects: Effects) -> None:
        if self._in_force is None:
            return
        for reason, count in self._in_force.take_refusals().items():
            effects.count("rules_refused", reason, by=count)
        packs = self._fold.config.packs
        if packs is self._shown:
            return
        for pack, version in self._shown.items():
            effects.set(0, "pack_version_info", pack, version)
        for pack, version in packs.items():
            effects.set(1, "pack_version_info", pack, version)
        for rule, seconds in self._in_force.costs().items():
            effects.set(seconds, "rule_cost_seconds", rule)
        self._shown = packs


_OTHER_VERSION = "Start the version that wrote the state, stop it cleanly, and then start this one."
