"""All contestants, by name, in the order of the report."""

from __future__ import annotations

from importlib.metadata import version

from bench.contestants.contestant import Contestant, Traits
from bench.contestants.jvm import JavaPeer
from bench.contestants.python import PROGRAMS, PythonPeer
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
        Weir("weir-pure", "Weir, pure Python", "as without patterns, nothing of it compiled", plain=True, is_pure=True),
        *python_peers(),
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
            Traits(
                "kafka-streams-memory", "Kafka Streams", "4.3.1", exactly_once=True, remarks=f"{streams}; in memory"
            ),
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
                "kafka-streams-patterns-anew",
                "Kafka Streams, each string matched anew",
                "4.3.1",
                exactly_once=True,
                remarks=f"{streams}; RocksDB; java.util.regex, no caches",
                patterns=True,
                extras=True,
                slow=True,
            ),
            "streams",
            "StreamsPeer",
            JVM,
            {"BENCH_CACHE": "none"},
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
        JavaPeer(
            Traits(
                "flink",
                "Flink",
                "2.0.0",
                exactly_once=True,
                remarks="local cluster, parallelism 1, state on the heap, a checkpoint and a transaction each second",
            ),
            "flink",
            "FlinkPeer",
            JVM,
        ),
    ]


def python_peers() -> list[Contestant]:
    """Faust, Quix Streams, Bytewax and PyFlink."""
    return [
        PythonPeer(
            Traits(
                "faust",
                "Faust as it comes",
                version("faust-streaming"),
                exactly_once=False,
                remarks="an agent and a table in memory with its changelog; larger polls than by default; no finals",
                finals=False,
                slow=True,
            ),
            arguments=("-m", f"{PROGRAMS}.faust_peer", "worker", "-l", "error", "--without-web"),
        ),
        PythonPeer(
            Traits(
                "quix",
                "Quix Streams",
                "3.28.1",
                exactly_once=True,
                remarks="exactly-once, state in RocksDB with its changelog, commits each second; no finals",
                finals=False,
            ),
            ("quixstreams==3.28.1",),
            ("-m", f"{PROGRAMS}.quix_peer"),
        ),
        PythonPeer(
            Traits(
                "bytewax",
                "Bytewax",
                "0.21.1",
                exactly_once=False,
                remarks="at least once, state in memory with snapshots to SQLite every 5 s; no finals",
                finals=False,
                progress="outputs",
            ),
            ("bytewax[kafka]==0.21.1",),
            ("-m", "bytewax.run", f"{PROGRAMS}.bytewax_peer", "-r", "{state}/recovery", "-s", "5", "-b", "0"),
            recovers_to="recovery",
        ),
        PythonPeer(
            Traits(
                "pyflink",
                "PyFlink",
                "2.0.0",
                exactly_once=True,
                remarks="process mode, parallelism 1, state on the heap, a checkpoint and a transaction each second; "
                "its sink writes no keys, so its output has one partition; no finals",
                finals=False,
                slow=True,
            ),
            ("apache-flink==2.0.0", "setuptools<81"),
            ("-m", f"{PROGRAMS}.pyflink_peer"),
            output_partitions=1,
            jars="flink",
        ),
    ]
