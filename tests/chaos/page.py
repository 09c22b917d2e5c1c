"""The report's page, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tests.chaos.plan import FAMILY

MOST_SHOWN = 200
MOST_CHARACTERS = 200


def page_of(figures: dict[str, Any]) -> str:
    """The page of a run's figures."""
    lines = [*_head(figures), *_faults(figures), *_traffic(figures), *_workers(figures), *_logs(figures)]
    lines += [f"- {difference}" for difference in figures["differences"][:MOST_SHOWN]]
    return "\n".join(lines) + "\n"


def _head(figures: dict[str, Any]) -> Iterator[str]:
    options, faults, differences = figures["options"], figures["faults"], figures["differences"]
    kinds = Counter(difference.split()[0].rstrip(":") for difference in differences)
    happened = {fault["fault"] for fault in faults}
    yield f"# Chaos, seed {options['seed']}" + (f", part {options['part']}" if options["part"] > 1 else "")
    yield ""
    yield (
        f"{len(faults)} faults, {len(happened)} of {len(FAMILY)} kinds, of {len({f['family'] for f in faults})} "
        f"families, in {options['seconds']:.0f} s, on {options['nodes']} "
        f"{'node' if options['nodes'] == 1 else 'nodes'} of Kafka, with {options['workers']} "
        f"workers and {options['rate']:,.0f} events a second asked for."
    )
    yield ""
    yield (
        f"**{'Nothing lost, doubled or torn' if not differences else f'{len(differences)} DIFFERENCES'}**: "
        f"{figures['records_read']:,} records read, {figures['records_compared']:,} compared"
        + "".join(f"; {kind} {count}" for kind, count in kinds.items())
        + f". The judge held {figures['judge_memory_mib']:,} MiB at most."
    )
    yield ""
    yield (
        f"Median rate {figures['events_per_s']:,.0f} events a second; longest silence of the output "
        f"{figures['longest_silence_s']} s; an event's append to its revision's: "
        f"{figures['delay_p50_s']} s for half, {figures['delay_p99_s']} s for 99 %."
    )
    yield ""
    yield "![events, revisions and delays by second, faults and ways back shaded](timeline.png)"


def _faults(figures: dict[str, Any]) -> Iterator[str]:
    rows = (
        (
            f"{f['begun_s']} s",
            f["family"],
            f["fault"],
            f"{f['lasted_s']} s",
            "the next came at once" if f["back_after_s"] is None else _seconds(f["back_after_s"]),
            f"{f['silent_s']} s",
            f["note"],
        )
        for f in figures["faults"]
    )
    yield from _table(("at", "family", "fault", "lasted", "all ready after", "no output for", "what"), rows)
    left_out = [(left["fault"], left["why"]) for left in figures["left_out"]]
    if left_out:
        yield from _table(("left out", "why"), left_out)


def _end_of(words: str) -> str:
    return words if len(words) <= MOST_CHARACTERS else "…" + words[-MOST_CHARACTERS:].partition(" ")[2]


def _traffic(figures: dict[str, Any]) -> Iterator[str]:
    yield from _table(("in the traffic", "records"), ((kind, f"{count:,}") for kind, count in figures["sent"].items()))


def _workers(figures: dict[str, Any]) -> Iterator[str]:
    ended = (
        (
            w["name"],
            f"{w['begun_s']:.1f} s",
            _seconds(w["loaded_after_s"]),
            _seconds(w["recovered_after_s"]),
            str(w["code"]),
            _end_of(w["last_words"]),
        )
        for w in figures["workers_ended"]
    )
    heads = ("worker", "started at", "answered after", "first recovery after", "exit code", "last words")
    yield from _table(heads, ended)
    accounts = ((number, *map(str, _outcomes(account))) for number, account in figures["accounts"].items())
    yield from _table(
        ("partition", "read", "folded", "duplicate", "late", "dead letters", "sent on", "watermarks"), accounts
    )


def _outcomes(account: dict[str, int]) -> Iterator[int]:
    for outcome in ("read", "folded", "duplicate", "late", "dead_letter", "rekeyed", "watermark"):
        yield account[outcome]


def _logs(figures: dict[str, Any]) -> Iterator[str]:
    rows = (
        (f"{c['topic']}-{c['partition']}", f"{c['end']:,}", f"{c['cleaned']:,}", f"{c['left']:,}")
        for c in figures["cleaned"]
    )
    if figures["stopped"]:
        stopped = ((s["loss"], str(s["code"]), s["words"]) for s in figures["stopped"])
        yield from _table(("in the end", "exit code of the worker", "its words"), stopped)
    yield from _table(("state topic", "end of the log", "compacted up to", "records left"), rows)


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""
