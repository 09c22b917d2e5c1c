"""Records of the rules topic about packs: their versions, the version in force, and those before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeVar

import msgspec

from weir.contracts import CurrentPack, PackVersion
from weir.contracts.fast import decoder, encode
from weir.errors import UsageError
from weir.kafka.records import Output
from weir.topics import RULES

T = TypeVar("T")
Refusal = Literal["unreadable", "invalid", "unknown", "conflict"]
"""Why a record of the rules topic is skipped: it can't be decoded; its pack is invalid; its version is missing; its
pack has a pattern that another pack has."""
CURRENT = "current"
SUMS_KEY, DISTINCT_KEY = b"sums/", b"distinct/"
"""Prefixes of the keys of the topic's other records: sums and distinct values of addresses and accounts."""
TAKEN = frozenset({"sums", "distinct"})
"""Names that a pack can't have, as keys of the topic's other records begin with them."""
WAY_BACK = 20
"""Number of earlier versions that a rollback can choose."""
_decode_version = decoder(PackVersion)
_decode_current = decoder(CurrentPack)


class RefusedRecordError(Exception):
    """A record of the rules topic is skipped."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class PackLedger:
    """Takes the topic's records about packs in their order."""

    def __init__(self) -> None:
        self.sources: dict[tuple[str, str], str] = {}
        """Pack and version to its YAML."""
        self.current: dict[str, CurrentPack] = {}
        """Pack to its newest record of the version in force."""

    def offer(self, key: bytes, value: bytes | None) -> bool:
        """Takes a record; returns whether it may change the version in force.

        Raises:
            RefusedRecordError: The record can't be decoded, or doesn't belong to its key.
        """
        name, _, rest = key.decode("utf-8", "replace").partition("/")
        if rest == CURRENT:
            return self._take_current(name, value)
        if value is not None:
            version = _decoded(_decode_version, value)
            if (version.kind, version.pack, version.version) != ("pack", name, rest):
                raise RefusedRecordError("unreadable", f"it is {version.pack} {version.version}, under another key")
            self.sources[name, rest] = version.source
            # The record of a version may arrive after the record that puts it in force.
            current = self.current.get(name)
            return current is not None and rest in {current.version, *current.before}
        return False

    def _take_current(self, name: str, value: bytes | None) -> bool:
        if value is None:
            return self.current.pop(name, None) is not None
        current = _decoded(_decode_current, value)
        if (current.kind, current.pack) != (CURRENT, name):
            raise RefusedRecordError("unreadable", f"it is of the pack {current.pack}, under another key")
        self.current[name] = current
        return True

    def versions(self, name: str) -> list[str]:
        """The versions of a pack that can be put in force, in the order of their records."""
        return [version for pack, version in self.sources if pack == name]

    def publish(self, version: PackVersion, by: str, why: str, at: float) -> list[Output]:
        """The records that put a new version in force: the version itself first."""
        current = self.current.get(version.pack)
        before = [] if current is None else [*current.before, current.version]
        before = [one for one in before if one != version.version][-WAY_BACK:]
        record = CurrentPack(pack=version.pack, version=version.version, before=before, by=by, why=why, at=at)
        return [_output(version.version, version), _output(CURRENT, record)]

    def rollback(self, name: str, to: str | None, by: str, why: str, at: float) -> list[Output]:
        """The record that puts an older version in force; the file's version if none was published before.

        Raises:
            UsageError: No version of the pack is published, or not this one.
        """
        current = self.current.get(name)
        if current is None:
            raise UsageError(f"No version of {name} is published.", "Choose a pack that `weir rules list` shows.")
        if to is None and not current.before:
            return [Output(RULES, f"{name}/{CURRENT}".encode(), None)]
        chosen = to or current.before[-1]
        if (name, chosen) not in self.sources:
            raise UsageError(
                f"There is no version {chosen} of {name}.", "Choose a version that `weir rules list --all` shows."
            )
        earlier = current.before
        kept = earlier[: earlier.index(chosen)] if chosen in earlier else [*earlier, current.version]
        before = kept[-WAY_BACK:]
        return [_output(CURRENT, CurrentPack(pack=name, version=chosen, before=before, by=by, why=why, at=at))]

    def wanted(self, name: str) -> Iterator[str]:
        """Versions to try in order: the one in force, then those before it, the newest first."""
        current = self.current[name]
        yield current.version
        yield from reversed(current.before)


def version_record(record: PackVersion) -> Output:
    """The record of a version, which doesn't put it in force."""
    return _output(record.version, record)


def _output(under: str, record: PackVersion | CurrentPack) -> Output:
    return Output(RULES, f"{record.pack}/{under}".encode(), encode(record))


def _decoded(decode: Callable[[bytes], T], value: bytes) -> T:
    try:
        return decode(value)
    except msgspec.DecodeError as error:
        raise RefusedRecordError("unreadable", str(error)) from error
