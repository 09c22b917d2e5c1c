"""`python -m bench.measures.soak --seconds 1800 --rate 1000`: whether a worker grows, at a steady rate.

Every few seconds, what the system and the worker itself say of it: memory, open handles, threads, latency, lag. After a
warm-up, the slope of each with its interval. Exit code 0 if zero lies within every interval, 1 if something grows.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.measures.latency import Buckets, between, quantile
from bench.measures.load import load
from bench.measures.place import Site, site
from bench.measures.results import arguments, keep, say, table
from bench.measures.slopes import Trend, trend
from bench.measures.waiting import wait_until
from bench.measures.worker import Metrics, Worker, workers

mpl.use("Agg")
from matplotlib import pyplot as plt

TOLD_EVERY_S = 30.0
"""Between two lines about how it goes."""
PARTITIONS = 4
SETTINGS = {"partitions": PARTITIONS, "gap_s": 10.0, "grace_s": 5.0, "idle_timeout_s": 10.0}
"""Sessions of seconds, so that as many close as open long before the warm-up is over."""
SAMPLE_S = 2.0
MEBI = 1024 * 1024


@dataclass(frozen=True)
class Measure:
    """One of the series, and how people read it."""

    name: str
    meaning: str
    unit: str


MEASURES = (
    Measure("memory_mib", "memory (resident)", "MiB"),
    Measure("handles", "open file handles", ""),
    Measure("threads", "threads", ""),
    Measure("latency_ms", "event to flag, mean", "ms"),
    Measure("lag_records", "lag", "records"),
)
CONFIDENCE = 1.0 - 0.05 / len(MEASURES)
"""Of each interval, so that a run in which nothing grows is told so in 19 cases of 20."""


@dataclass(frozen=True)
class SoakSample:
    """One look at the worker; its fields but the first ones are named by the measures."""

    at_s: float
    events_per_s: float
    sessions_open: float
    processor_share: float
    latency_p99_ms: float
    memory_mib: float
    handles: int
    threads: int
    latency_ms: float
    lag_records: float


class Sampler:
    """Looks at a worker; what is counted since its start is told of the time since the last look."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._begun_s = time.monotonic()
        self._last_s, self._last = self._begun_s, worker.metrics()
        worker.system.cpu_percent()

    def sample(self) -> SoakSample:
        """The next look."""
        now_s, metrics, system = time.monotonic(), self._worker.metrics(), self._worker.system
        buckets = between(self._buckets(self._last), self._buckets(metrics))
        made = SoakSample(
            at_s=now_s - self._begun_s,
            events_per_s=self._increase(metrics, "weir_events_total") / (now_s - self._last_s),
            sessions_open=metrics.total("weir_sessions_open"),
            processor_share=system.cpu_percent() / 100.0,
            latency_p99_ms=quantile(buckets, 0.99) * 1_000,
            memory_mib=system.memory_info().rss / MEBI,
            handles=system.num_fds(),
            threads=system.num_threads(),
            latency_ms=self._mean_ms(metrics),
            lag_records=metrics.total("weir_lag_records"),
        )
        self._last_s, self._last = now_s, metrics
        return made

    def _increase(self, metrics: Metrics, name: str) -> float:
        return metrics.total(name) - self._last.total(name)

    def _mean_ms(self, metrics: Metrics) -> float:
        count = self._increase(metrics, "weir_event_to_flag_seconds_count")
        return 1_000 * self._increase(metrics, "weir_event_to_flag_seconds_sum") / count if count else math.nan

    @staticmethod
    def _buckets(metrics: Metrics) -> Buckets:
        return metrics.buckets("weir_event_to_flag_seconds")


def main() -> int:
    """Measures, and tells."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=1_800.0, help="of the load, the warm-up among them")
    parser.add_argument("--rate", type=float, default=1_000.0, help="events a second")
    parser.add_argument("--warm-up", type=float, help="seconds that don't count; a fourth of the time unless given")
    given = arguments(parser, "soak")
    warm_up_s = given.seconds / 4 if given.warm_up is None else given.warm_up
    with site("soak", **SETTINGS) as place:
        samples = _samples(place, given.seconds, given.rate)
    counted = [sample for sample in samples if sample.at_s >= warm_up_s]
    trends = {measure.name: _trend(measure, counted) for measure in MEASURES}
    figures = _figures(given, warm_up_s, samples, trends)
    given.folder.mkdir(parents=True, exist_ok=True)
    _draw(given.folder / "soak.png", samples, warm_up_s)
    keep(given.folder, _page(figures, trends), figures, as_json=given.json)
    return 1 if any(found.verdict == "grows" for found in trends.values()) else 0


def _samples(place: Site, seconds: float, rate: float) -> list[SoakSample]:
    with workers(place.settings, place.folder, 1) as [worker], load(place, rate):
        say(f"{rate:,.0f} events a second for {seconds:,.0f} s")
        wait_until(lambda: worker.metrics().total("weir_events_total") > 0, "first events")
        return list(_watch(worker, seconds))


def _watch(worker: Worker, seconds: float) -> Iterator[SoakSample]:
    sampler, begun_s, told_s = Sampler(worker), time.monotonic(), time.monotonic()
    due_s = begun_s
    while due_s < begun_s + seconds:
        due_s += SAMPLE_S
        time.sleep(max(0.0, due_s - time.monotonic()))
        sample = sampler.sample()
        yield sample
        if time.monotonic() - told_s > TOLD_EVERY_S:
            told_s = time.monotonic()
            say(
                f"{sample.events_per_s:,.0f} events a second, {sample.memory_mib:,.1f} MiB, "
                f"{sample.latency_ms:.0f} ms, lag {sample.lag_records:,.0f}"
            )


def _trend(measure: Measure, samples: Sequence[SoakSample]) -> Trend:
    seen = [(sample.at_s, float(getattr(sample, measure.name))) for sample in samples]
    known = [(at_s, value) for at_s, value in seen if not math.isnan(value)]
    return trend([at_s for at_s, _ in known], [value for _, value in known], CONFIDENCE)


def _figures(
    given: argparse.Namespace, warm_up_s: float, samples: Sequence[SoakSample], trends: Mapping[str, Trend]
) -> dict[str, Any]:
    return {
        "seconds": given.seconds,
        "rate": given.rate,
        "warm_up_s": warm_up_s,
        "confidence": CONFIDENCE,
        "machine_load": os.getloadavg()[2],
        "trends": {name: asdict(found) | {"verdict": found.verdict} for name, found in trends.items()},
        "samples": [
            {name: None if math.isnan(value) else round(value, 3) for name, value in asdict(sample).items()}
            for sample in samples
        ],
    }


def _page(figures: Mapping[str, Any], trends: Mapping[str, Trend]) -> str:
    growing = [measure.meaning for measure in MEASURES if trends[measure.name].verdict == "grows"]
    counted = [sample for sample in figures["samples"] if sample["at_s"] >= figures["warm_up_s"]]
    rows = [
        (
            measure.meaning,
            f"{found.mean:,.1f} {measure.unit}".strip(),
            f"{found.per_hour:+,.2f}",
            f"{found.low:+,.2f} to {found.high:+,.2f}",
            found.verdict,
        )
        for measure in MEASURES
        for found in [trends[measure.name]]
    ]
    mean = {name: sum(sample[name] or 0.0 for sample in counted) / len(counted) for name in counted[0]}
    return (
        f"# Soak: {figures['rate']:,.0f} events a second for {figures['seconds']:,.0f} s\n\n"
        f"**{'Grows: ' + ', '.join(growing) if growing else 'Nothing grows: zero lies within the noise everywhere'}.**"
        f"\n\n{table(('what', 'mean', 'slope an hour', f'its interval, {CONFIDENCE:.0%}', 'verdict'), rows)}\n"
        f"{len(counted)} samples after a warm-up of {figures['warm_up_s']:,.0f} s; in the mean "
        f"{mean['events_per_s']:,.0f} events a second, {mean['sessions_open']:,.0f} open sessions, "
        f"{mean['processor_share']:.0%} of a processor, 99 % of latencies below {mean['latency_p99_ms']:,.0f} ms; "
        f"the machine's load was {figures['machine_load']:.1f} over 15 minutes on {os.cpu_count()} processors.\n\n"
        "![every series by time, the warm-up shaded](soak.png)\n"
    )


def _draw(file: Path, samples: Sequence[SoakSample], warm_up_s: float) -> None:
    figure, panels = plt.subplots(len(MEASURES), 1, sharex=True, figsize=(12, 12), layout="constrained")
    times = [sample.at_s for sample in samples]
    for axes, measure in zip(panels, MEASURES, strict=True):
        axes.plot(times, [getattr(sample, measure.name) for sample in samples], linewidth=0.8)
        axes.set_ylabel(f"{measure.meaning}{', ' + measure.unit if measure.unit else ''}")
        axes.axvspan(0, warm_up_s, alpha=0.1, color="gray")
    panels[-1].set_xlabel("seconds of the load")
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
