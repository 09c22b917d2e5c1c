"""What the packs cost: a URL as a log has them, each URL once, and the worst that a fuzzer finds."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import fmean, median
from time import thread_time
from typing import TYPE_CHECKING
from urllib.parse import quote

from evaluation.common.result import EvaluationResult, Figure, ResultTable, draw
from evaluation.rules.data import log_events
from rules.heuristics.decode import url_parts
from rules.heuristics.patterns import Patterns, load_packs
from weir.contracts import Event

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEED = 1
FUZZED = 3_000
LENGTHS = (40, 100, 250, 500, 1_000)
ROUNDS = 5
FUZZ_ROUNDS = 12
"""More, since what counts is the worst of them all, and others use the machine."""
_ANYTHING = "abcdefghijklmnopqrstuvwxyz/?=&%+'\"<>();-_.0123456789"
_PIECES = (
    "' or ",
    "%27",
    "../",
    "%252e",
    "<a ",
    "&#x27;",
    "/**/",
    "union ",
    "select ",
    "(",
    "and 1",
    "--",
    "#",
    "on",
    "%c0%ae",
)


def evaluate(data: Path) -> EvaluationResult:
    """In microseconds of one thread's processor time."""
    urls = [event.url for _, event in log_events(data) if event.url]
    rounds = [_mean_us(_fresh(), urls) for _ in range(ROUNDS)]
    distinct = sorted(set(urls))
    once = [_mean_us(_fresh(), distinct) for _ in range(ROUNDS)]
    fuzzed = fuzz()
    costs = worst_us(_fresh(), fuzzed)
    rank = sorted(costs)
    return EvaluationResult(
        title="Cost",
        text=(
            f"The {len(urls):,} URLs of the access log in their order, through the cache that a worker has; its "
            f"{len(distinct):,} different ones, each met for the first time; and {len(fuzzed):,} made up by a seed: "
            f"random characters, pieces of attacks, encodings of encodings, up to {LENGTHS[-1]:,} pieces or characters "
            "before they are encoded. All packs at the default level. Microseconds of one thread's processor time; the "
            f"best of {ROUNDS} rounds, of {FUZZ_ROUNDS} for those made up, since others use the machine."
        ),
        figures=[
            Figure("A URL, all packs, mean, µs", min(rounds), 3, at_least=False, places=2),
            Figure("A fuzzed URL, the worst, µs", max(costs), 200, at_least=False, places=0),
        ],
        tables=[
            ResultTable(
                "Microseconds a URL",
                ["URLs", "mean", "median", "99 of 100", "worst"],
                [
                    ["the log's, with the cache", f"{min(rounds):.2f}", "", "", ""],
                    ["different ones, first met", f"{min(once):.2f}", "", "", ""],
                    [
                        "fuzzed",
                        *(f"{value:.0f}" for value in (fmean(costs), median(costs), rank[-len(rank) // 100], rank[-1])),
                    ],
                ],
            )
        ],
        plots=[("cost", _plot([len(url) for url in fuzzed], costs))],
    )


def fuzz(number: int = FUZZED) -> list[str]:
    """URLs that a seed makes up."""
    random = Random(SEED)
    kinds: tuple[Callable[[int], str], ...] = (
        lambda n: "/" + "".join(random.choices(_ANYTHING, k=n)),
        lambda n: "/?q=" + quote("".join(chr(random.randrange(32, 127)) for _ in range(n // 2))),
        lambda n: "/?q=" + "".join(random.choices(_PIECES, k=n // 5)),
        lambda n: "/?q=" + random.choice(_PIECES) * (n // 5),
        lambda n: "/?q=" + quote("".join(chr(random.randrange(0x20, 0x2FFF)) for _ in range(n // 9))),
        lambda n: "/?" + "&".join(f"{random.choice('abc')}={random.randrange(1_000)}" for _ in range(n // 6)),
    )
    return [kinds[at % len(kinds)](random.choice(LENGTHS)) for at in range(number)]


def worst_us(patterns: Patterns, urls: Sequence[str]) -> list[float]:
    """What each URL costs without any cache, the best of some rounds over all of them."""
    best = [float("inf")] * len(urls)
    was_on = gc.isenabled()
    gc.disable()
    try:
        for _ in range(FUZZ_ROUNDS):
            for at, url in enumerate(urls):
                begun_s = thread_time()
                whole, path, query = url_parts(url)
                patterns.match_decoded(whole, path, query)
                best[at] = min(best[at], 1e6 * (thread_time() - begun_s))
    finally:
        if was_on:
            gc.enable()
    return best


def _mean_us(patterns: Patterns, urls: Sequence[str]) -> float:
    events = [Event(event_id="e", visitor_id="v", type="page_view", ts=0.0, url=url) for url in urls]
    begun_s = thread_time()
    for event in events:
        patterns.match(event)
    return 1e6 * (thread_time() - begun_s) / len(urls)


def _fresh() -> Patterns:
    """Packs whose caches are empty, but whose automata have seen some traffic, as a worker's have soon."""
    patterns = load_packs()
    for url in fuzz(FUZZED // 10):
        patterns.match_decoded(*url_parts(url))
    return patterns


def _plot(lengths: Sequence[int], costs: Sequence[float]) -> str:
    def plot(axes: Axes) -> None:
        axes.scatter(lengths, costs, s=4, alpha=0.4)
        axes.set_yscale("log")
        axes.set_xlabel("characters of a fuzzed URL")
        axes.set_ylabel("µs")

    return draw(plot)
