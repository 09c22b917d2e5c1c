"""All contestants, by name, in the order of the report."""

from __future__ import annotations

from bench.contestants.contestant import Contestant, Traits
from bench.contestants.jvm import JavaPeer
from bench.contestants.weir import Weir

CASCADE = ("sessionize", "score", "join,train")

JVM = ("-XX:+UseParallelGC", "-Xms1g", "-Xmx2g")
"""The collector that takes least CPU time; the broker has a processor of its own all the same."""


def contestants() -> dict[str, Contestant]:
    """Weir as it is and as its peers are, then the peers."""
    found: list[Contestant] = [
        Weir("weir-plain", "Weir, sessionize, no patterns", "no budgets, no patterns: the peers' work", plain=True),
        Weir("weir", "Weir, sessionize", "all shipped pattern packs and budgets"),
        Weir(
            "weir-cascade",
            "Weir, full cascade",
            "sessionize, score, join and train in three processes: models, flags, business rules, metrics",
            processes=CASCADE,
            more={"model_key": "a key for the benchmark"},
        ),
        *java_peers(),
    ]
    return {one.traits.name: one for one in found}


def java_peers() -> list[Contestant]:
    """Kafka Streams and Flink."""
    streams = "exactly_once_v2, cached store, one thread, commits each second"
    return [
        JavaPeer(
            Traits("kafka-streams", "Kafka Streams", "4.3.1", exactly_once=True, remarks=f"{streams}; RocksDB"),
            "streams",
            "StreamsPeer",
            JVM,
        ),
        JavaPeer(
            Traits("kafka-streams-memory", "Kafka Streams", "4.3.1", exactly_once=True, remarks=f"{streams}; in memory"),
            "streams",
            "StreamsPeer",
            JVM,
            {"BENCH_STORE": "memory"},
        ),
        JavaPeer(
            Traits(
                "kafka-streams-patterns",
                "Kafka Streams with the same patterns",
                "4.3.1",
                exactly_once=True,
                remarks=f"{streams}; RocksDB; java.util.regex, the same caches as Weir's",
                patterns=True,
                extras=True,
            ),
            "streams",
            "StreamsPeer",
            JVM,
        ),
        JavaPeer(
            Traits(
                "kafka-streams-re2j",
                "Kafka Streams with the same patterns",
                "4.3.1",
                exactly_once=True,
                remarks=f"{streams}; RocksDB; RE2/J 1.8, the same caches as Weir's",
                patterns=True,
                extras=True,
            ),
            "streams",
            "StreamsPeer",
            JVM,
            {"BENCH_REGEX": "re2j"},
        ),
    ]
