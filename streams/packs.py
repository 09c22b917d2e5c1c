"""Packs of patterns in every version that a state may name: recovery folds a stretch again by those that folded it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NoReturn

from confluent_kafka import KafkaError, Message

from rules.heuristics.pack import Pack, parse_pack
from rules.heuristics.patterns import Patterns
from streams.engine.task import Output
from streams.sessionize.heuristics import Patterns as Folding
from weir.cluster import producer
from weir.contracts import PackVersion
from weir.contracts.fast import FastEvent, decoder, encode
from weir.errors import ClusterError, LostInputError, SettingsError
from weir.settings import Settings
from weir.topics import RULES

_decode = decoder(PackVersion)
_TIMEOUT_S = 15.0


class PackLibrary:
    """The packs in force, and the sources of others as they come by the rules topic."""

    def __init__(self, current: Patterns) -> None:
        self.current = current
        self._sources: dict[tuple[str, str], str] = {}

    def offer(self, value: bytes) -> None:
        """Takes a `PackVersion` record."""
        record = _decode(value)
        self._sources[record.pack, record.version] = record.source

    def get(self, versions: Mapping[str, str]) -> Folding:
        """The packs in these versions.

        If one is no longer to be had, that is told once an event is folded by them: after a clean stop, none is.
        """
        if dict(versions) == dict(self.current.versions):
            return self.current
        own = {(pack.name, pack.version): pack for pack in self.current.packs}
        try:
            return Patterns([own.get(wanted) or self._compiled(*wanted) for wanted in versions.items()])
        except LostInputError as error:
            return LostPatterns(versions, error)

    def announcements(self) -> Iterator[Output]:
        """The records by which other and later workers get the packs in force."""
        for pack in self.current.packs:
            record = PackVersion(pack=pack.name, version=pack.version, source=pack.source)
            yield Output(RULES, f"{pack.name}/{pack.version}".encode(), encode(record))

    def _compiled(self, name: str, version: str) -> Pack:
        source = self._sources.get((name, version))
        try:
            pack = None if source is None else parse_pack(f"{name}.yaml", source)
        except SettingsError:
            pack = None  # it was written for another version of Weir
        # The version holds a digest of the patterns: whatever else reads them differently does not go unseen.
        if pack is None or pack.version != version:
            raise LostInputError(
                f"The state was written under version {version} of the pack {name}, which is not to be had.",
                "Start the workers once with that version and stop them cleanly, then change the pack.",
            )
        return pack


class LostPatterns:
    """Packs of which one is not to be had."""

    def __init__(self, versions: Mapping[str, str], error: LostInputError) -> None:
        self.versions = versions
        self._error = error

    def match(self, _event: FastEvent, /) -> tuple[str, ...]:
        """Tells what is missing.

        Raises:
            LostInputError: always.
        """
        raise self._error

    def info(self, pattern: str, /) -> NoReturn:
        """Knows none.

        Raises:
            KeyError: always.
        """
        raise KeyError(pattern)


def announce(settings: Settings, library: PackLibrary) -> None:
    """Publishes the packs in force; returns when the brokers have them.

    Raises:
        ClusterError: they don't take them.
    """
    client = producer(settings)
    refused: list[KafkaError] = []

    def told(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            refused.append(error)

    for output in library.announcements():
        client.produce(settings.names.public(RULES), output.value, output.key, on_delivery=told)
    if client.flush(_TIMEOUT_S) or refused:
        reason = refused[0].str() if refused else "no answer in time"
        raise ClusterError(f"The brokers don't take the packs of patterns: {reason}.", "Check that they are up.")
