"""Folds random logs and prints all that comes out: run once in each form, by `test_parity.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

from bench.events.generator import events
from bench.events.spec import LogSpec
from bench.micro.task import records_of
from bench.micro.task import task as shipped_task
from rules.limits.budgets import Budget
from streams.compiled.form import form
from streams.sessionize.config import FoldConfig
from streams.sessionize.task import SessionizeTask
from streams.task import Effects
from tests.streams.sessionize.driving import DAY_1, SMALL, Words, event_record, new_task, record, watermark_record
from weir.kafka.records import LogRecord

WORDS = Words(("admin", "etc"))
BUDGETS = (Budget(id="burst", kind="visitor", capacity=4.0, refill_per_s=0.2),)


def strange_log(random: Random, size: int) -> Iterator[LogRecord]:
    """Events roughly in order, some twice, some strayed, some broken, some far ahead; watermark records."""
    made: list[LogRecord] = []
    now = 0.0
    for offset in range(size):
        now += random.choice([0.0, 0.5, 1.0, 4.0, 9.0, 11.0, 30.0])
        kind = random.choice(["event"] * 12 + ["again", "mark", "broken", "future"])
        if kind == "mark":
            one = watermark_record(offset, DAY_1 + now + random.choice([-5.0, 0.0, 20.0]))
        elif kind == "broken":
            value = random.choice([None, b"", b"{", b"[]", b'{"event_id": 1}', b"\xff"])
            one = record(value, offset, key=b"x", appended_s=DAY_1 + now)
        elif kind == "again" and made:
            old = random.choice(made)
            appended_ms = round((DAY_1 + now) * 1000)
            one = LogRecord(old.topic, old.partition, offset, appended_ms, old.key, old.value, old.headers)
        else:
            ts = DAY_1 + now - random.choice([0.0, 0.0, 0.0, 0.25, 3.0, 8.0, 14.0, 17.0, 40.0])
            ts += 1e6 if kind == "future" else 0.0
            visitor = random.choice(["ann", "bob", "cat", "dan", "ännchen"])
            one = event_record(offset, visitor, ts, DAY_1 + now, **_contents(random))
        made.append(one)
        yield one


def _contents(random: Random) -> dict[str, object]:
    optional: dict[str, list[object]] = {
        "url": ["/a", "/admin", "/etc/admin", "/ü?q=1"],
        "value": [0.1, 12.5, 1e300],
        "currency": ["EUR", "USD"],
        "item_id": ["i", "j"],
        "query": ["", "a b", "\u2028"],
        "status": [0, 200, 404, 999],
        "account_id": ["x", "y"],
        "ip": ["203.0.113.7", "2001:db8::1", "none"],
        "user_agent": ["Mozilla/5.0", "bot"],
    }
    chosen = {name: random.choice(values) for name, values in optional.items() if random.random() < 0.5}
    return {"type": random.choice(["page_view", "click", "purchase", "own"]), **chosen}


def tell(task: SessionizeTask, log: list[LogRecord], random: Random) -> None:
    """Folds in batches of any size, with a checkpoint now and then, and prints all but how long it took."""
    at = 0
    while at < len(log):
        size = random.randint(1, 60)
        effects = Effects()
        task.process(log[at : at + size], effects)
        at += size
        for output in effects.outputs:
            _say(output.topic.name, output)
        _say(sorted((series, by) for series, by in effects.counts.items() if series[0] != "cascade_seconds"))
        _say(sorted(effects.gauges.items()))
        _say(task.progress())
        if random.random() < 0.2:
            _say(list(task.changes()))
    _say(list(task.changes()))


def _say(*values: object) -> None:
    sys.stdout.write(f"{values!r}\n")


def main(seed: int) -> None:
    """One strange log, and one as benchmarks have it with all that is shipped."""
    sys.stderr.write(str(form()).partition(" ")[0])
    random = Random(seed)
    names = FoldConfig.__struct_fields__
    config = FoldConfig(**{name: getattr(SMALL, name) for name in names} | {"visitor_budgets": BUDGETS})
    tell(new_task(config, WORDS, partitions=2), list(strange_log(random, 600)), random)
    spec = LogSpec(events=1500, visitors=60, visit_events=12, seed=seed)
    tell(shipped_task(plain=False), records_of(events(spec)), random)


if __name__ == "__main__":
    main(int(sys.argv[1]))
