from collections.abc import Iterable, Sequence

from streams.replay.flow import Flow
from streams.replay.log import MemoryLog
from streams.task import Effects, Task
from streams.wiring import Wiring
from weir.kafka.records import InputRecord, LogRecord, Output
from weir.topics import EVENTS, FLAGS, MODELS, SESSIONS, Names, Topic


class Pass(Task):
    """Hands every record on to another topic, counting."""

    def __init__(self, target: Topic) -> None:
        self.target = target
        self.seen = 0

    def load(self, key: bytes, value: bytes) -> None:
        raise AssertionError(f"there is nothing to recover in replay: {key!r} {value!r}")

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        for record in records:
            self.seen += 1
            again = record.value == b"again"
            passed = Output(EVENTS, record.key, b"x") if again else Output(self.target, record.key, record.value)
            effects.outputs.append(passed)
            effects.count("events", "rekeyed" if again else "folded")
        effects.set(self.seen, "sessions_open", str(records[0].partition))

    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        yield b"s", str(self.seen).encode()

    def tick(self, now_s: float, effects: Effects) -> None:
        effects.outputs.append(Output(MODELS, b"champion", str(now_s).encode()))


def flow(written: list[tuple[str, LogRecord]], followed: list[tuple[bytes, bytes | None]]) -> Flow:
    inputs = {"sessionize": (EVENTS,), "score": (SESSIONS,)}
    log = MemoryLog(Names("weir", "weir"), 2, 0, [EVENTS, SESSIONS])
    targets = {"sessionize": SESSIONS, "score": FLAGS}
    followers = [(MODELS, lambda key, value: followed.append((key, value)))]
    wiring = Wiring(inputs, 2, lambda stage, _: Pass(targets[stage]), followers)
    return Flow(log, wiring, lambda topic, record: written.append((topic.name, record)))


def test_outputs_of_a_stage_are_the_input_of_the_next() -> None:
    written: list[tuple[str, LogRecord]] = []
    stages = flow(written, [])
    stages.log.append(Output(EVENTS, b"anna", b"1"))
    stages.log.append(Output(EVENTS, b"anna", b"2"))
    stages.settle()
    assert [(name, record.value) for name, record in written] == [
        ("sessions", b"1"),
        ("sessions", b"2"),
        ("flags", b"1"),
        ("flags", b"2"),
    ]


def test_an_event_written_back_is_read_again_before_the_next_stage_works() -> None:
    written: list[tuple[str, LogRecord]] = []
    stages = flow(written, [])
    stages.log.append(Output(EVENTS, b"anna", b"again"))
    stages.settle()
    assert [name for name, _ in written] == ["events", "sessions", "flags"]
    assert stages.tally.by_label("events") == {"rekeyed": 1, "folded": 2}
    assert stages.tally.total("events") == 3


def test_followers_get_their_topics_records_at_once() -> None:
    followed: list[tuple[bytes, bytes | None]] = []
    stages = flow([], followed)
    stages.log.append(Output(EVENTS, b"anna", b"1"))
    stages.settle()
    stages.tick(5.0)
    assert followed == [(b"champion", b"5.0")]


def test_gauges_are_the_newest_values_summed_over_partitions() -> None:
    stages = flow([], [])
    for visitor in (b"anna", b"ben", b"carla", b"dora"):
        stages.log.append(Output(EVENTS, visitor, b"1"))
    stages.settle()
    stages.forget_changes()
    assert stages.tally.gauge("sessions_open") == 4
