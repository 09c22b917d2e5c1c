"""What the rules topic says of packs: their versions, which is in force, and what came before."""

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
"""Why a record of the rules topic is passed over: it is no such record; its pack is refused; it names a version that is
not there; its pack has a pattern that another one has."""
CURRENT = "current"
SUMS_KEY, DISTINCT_KEY = b"sums/", b"distinct/"
"""Begin the keys of the topic's other records: sums of addresses and accounts, and how many different ones they had."""
TAKEN = frozenset({"sums", "distinct"})
"""Names that a pack can't have: keys of the topic's other records begin with them."""
WAY_BACK = 20
"""Versions remembered to roll back to."""
_decode_version = decoder(PackVersion)
_decode_current = decoder(CurrentPack)


class RefusedRecordError(Exception):
    """A record that is passed over."""

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
        """Pack to what is said of it last."""

    def offer(self, key: bytes, value: bytes | None) -> bool:
        """Takes a record; whether it changes which version is in force.

        Raises:
            RefusedRecordError: it is no record of packs, or not the one of its key.
        """
        name, _, rest = key.decode("utf-8", "replace").partition("/")
        if rest == CURRENT:
            return self._take_current(name, value)
        if value is not None:
            version = _decoded(_decode_version, value)
            if (version.kind, version.pack, version.version) != ("pack", name, rest):
                raise RefusedRecordError("unreadable", f"it is {version.pack} {version.version}, under another key")
            self.sources[name, rest] = version.source
            # A version may come after the word that it holds.
            said = self.current.get(name)
            return said is not None and rest in {said.version, *said.before}
        return False

    def _take_current(self, name: str, value: bytes | None) -> bool:
        if value is None:
            return self.current.pop(name, None) is not None
        said = _decoded(_decode_current, value)
        if (said.kind, said.pack) != (CURRENT, name):
            raise RefusedRecordError("unreadable", f"it is of the pack {said.pack}, under another key")
        self.current[name] = said
        return True

    def versions(self, name: str) -> list[str]:
        """The versions of a pack that can be put in force, in the order of their coming."""
        return [version for pack, version in self.sources if pack == name]

    def publish(self, version: PackVersion, by: str, why: str, at: float) -> list[Output]:
        """The records that put a new version in force: the version itself first."""
        said = self.current.get(version.pack)
        before = [] if said is None else [*said.before, said.version]
        before = [one for one in before if one != version.version][-WAY_BACK:]
        record = CurrentPack(pack=version.pack, version=version.version, before=before, by=by, why=why, at=at)
        return [_output(version.version, version), _output(CURRENT, record)]

    def rollback(self, name: str, to: str | None, by: str, why: str, at: float) -> list[Output]:
        """The record that puts an older version in force; the files' one again, where none was published before.

        Raises:
            UsageError: nothing of the pack is published, or not that version.
        """
        said = self.current.get(name)
        if said is None:
            raise UsageError(f"No version of {name} is published.", "`weir rules list` shows what is.")
        if to is None and not said.before:
            return [Output(RULES, f"{name}/{CURRENT}".encode(), None)]
        chosen = to or said.before[-1]
        if (name, chosen) not in self.sources:
            raise UsageError(f"There is no version {chosen} of {name}.", "`weir rules list --all` shows them.")
        kept = said.before[: said.before.index(chosen)] if chosen in said.before else [*said.before, said.version]
        before = kept[-WAY_BACK:]
        return [_output(CURRENT, CurrentPack(pack=name, version=chosen, before=before, by=by, why=why, at=at))]

    def wanted(self, name: str) -> Iterator[str]:
        """Versions to try, best first: the one in force, then those before it."""
        said = self.current[name]
        yield said.version
        yield from reversed(said.before)


def version_record(record: PackVersion) -> Output:
    """The record by which a version becomes known; it puts nothing in force."""
    return _output(record.version, record)


def _output(under: str, record: PackVersion | CurrentPack) -> Output:
    return Output(RULES, f"{record.pack}/{under}".encode(), encode(record))


def _decoded(decode: Callable[[bytes], T], value: bytes) -> T:
    try:
        return decode(value)
    except msgspec.DecodeError as error:
        raise RefusedRecordError("unreadable", str(error)) from error
