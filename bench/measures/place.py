"""Where a measure takes place: a broker of its own with all topics, in a scratch folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from weir.broker import DevelopmentBroker
from weir.kafka.admin import create_topics
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, PartitionId
from weir.settings import Settings
from weir.topics import Topic


@dataclass(frozen=True)
class Site:
    """A broker that nobody else uses."""

    settings: Settings
    folder: Path
    """For logs; gone when the measure is over."""

    def ends(self, *topics: Topic) -> dict[PartitionId, int]:
        """Where each partition of these topics ends, as a `read_committed` consumer sees it."""
        with LogReader(self.settings, [self.settings.names.public(topic) for topic in topics]) as reader:
            return {place: span.end for place, span in reader.ranges().items()}

    def records(self, topic: Topic, begin: dict[PartitionId, int] | None = None) -> Iterator[LogRecord]:
        """Every committed record of a topic as of now, from `begin` or the beginning on."""
        with LogReader(self.settings, [self.settings.names.public(topic)]) as reader:
            spans = reader.ranges()
            starts = {place: span.start if begin is None else begin[place] for place, span in spans.items()}
            yield from reader.read(starts, {place: span.end for place, span in spans.items()})


@contextmanager
def site(name: str, **settings: object) -> Iterator[Site]:
    """Starts the broker and makes the topics; ends and removes all of it afterwards.

    Args:
        name: of the measure.
        settings: that differ from a deployment's defaults.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"weir-{name}-"))
    broker = DevelopmentBroker(folder / "broker", profile="load")
    try:
        broker.start()
        chosen: dict[str, object] = {
            "bootstrap_servers": broker.bootstrap_servers,
            "application_id": name,
            "topic_prefix": name,
            **settings,
        }
        made = Settings(**chosen)  # type: ignore[arg-type]  # pydantic checks them
        create_topics(made)
        yield Site(made, folder)
    finally:
        broker.stop(kill=True)
        shutil.rmtree(folder, ignore_errors=True)
