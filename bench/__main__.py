"""`python -m bench`: takes parts of the benchmark and writes the page; `make bench` calls it.

A part takes ten minutes at most and leaves a file of its own, as soon as it is done: what was measured before an
interruption is kept. Exit code 0, or 1 if a part failed or a contestant published something wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from bench import plan
from bench.contestants.everybody import contestants
from bench.measures.results import say
from bench.parts import MEASURES, BenchPart, chosen
from bench.plan import PlanOptions
from bench.report.write import write_report
from bench.result import BadResultError, BenchResult, write_result
from bench.take import take
from bench.unavailable import UnavailableError

MINUTES_FROM_S = 90
RESULTS, PAGE, SCRATCH = Path("bench/results"), Path("docs/benchmarks.md"), Path("build/bench")


def main() -> int:
    """Measures and writes the page."""
    given = _arguments()
    asked = PlanOptions(given.events or 0, given.runs or 0, given.seconds or 0.0)
    try:
        parts = _parts(given, asked)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    if given.list:
        sys.stdout.writelines(f"{part.kind}: about {_minutes(part.takes_s)}\n" for part in parts)
        return 0
    # What is small says nothing: it must not lie among the results that people commit.
    results, page = (SCRATCH / "small", SCRATCH / "benchmarks.md") if given.small else (given.results, given.report)
    failed = [part.kind for number, part in enumerate(parts) if not _taken(given, asked, parts, number, results)]
    try:
        write_report(results, page)
    except BadResultError as error:
        raise SystemExit(f"There is no new page. {error}") from error
    say(f"the page is {page}, raw results are in {results}")
    if failed:
        say(f"WRONG or failed: {', '.join(failed)}")
    return 1 if failed else 0


def _taken(given: argparse.Namespace, asked: PlanOptions, parts: list[BenchPart], number: int, results: Path) -> bool:
    """Takes one of the parts; whether nothing went wrong."""
    part, left_s = parts[number], sum(part.takes_s for part in parts[number:])
    say(f"--- part {number + 1} of {len(parts)}: {part.kind}, about {_minutes(part.takes_s)}; {_minutes(left_s)} to go")
    sizes = plan.small(part, asked) if given.small else plan.whole(part, asked)
    try:
        result = take(part, sizes, given.home)
    except UnavailableError as error:
        say(f"{part.kind} can't be measured here: {error}")
        return True
    except Exception as error:
        if not given.carry_on:
            raise
        say(f"{part.kind} failed, and has no result: {error}")
        return False
    say(f"took {_minutes(result.took_s)}: {write_result(result, results)}")
    return is_right(result)


def is_right(result: BenchResult) -> bool:
    """Whether nobody published anything wrong, and nobody gave up; who can't be had here is no failure."""
    runs = result.figures.get("runs", ())
    return not result.figures.get("failed") and not any(run["faults"] for run in runs)


def _parts(given: argparse.Namespace, asked: PlanOptions) -> list[BenchPart]:
    parts = chosen(given.only, given.contestants, everything=given.all)
    if given.small:
        return parts
    fitting = [part.asked(asked.events, asked.runs) for part in parts]
    for part in fitting:
        if part.events and asked.events > part.events:
            say(f"{part.kind}: {part.events:,} events instead of {asked.events:,}, to end in ten minutes")
    return fitting


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= MINUTES_FROM_S else f"{seconds:.0f} s"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", type=_names(MEASURES), default=[], help=f"some of {', '.join(MEASURES)}")
    parser.add_argument("--contestants", type=_names(contestants()), default=[], help="who runs, for the throughput")
    parser.add_argument("--all", action="store_true", help="every part, not just the short list")
    parser.add_argument("--list", action="store_true", help="only say which parts would be taken, and how long each is")
    parser.add_argument("--events", type=int, help="of the log")
    parser.add_argument("--runs", type=int, help="of each contestant")
    parser.add_argument("--seconds", type=float, help="of sending, for the latency")
    parser.add_argument("--small", action="store_true", help="just enough to see that it runs; kept in build/bench")
    parser.add_argument("--carry-on", action="store_true", help="a part that fails is noted, and the next one taken")
    parser.add_argument("--home", type=Path, default=SCRATCH, help="for environments of peers")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the files of the parts lie")
    parser.add_argument("--report", type=Path, default=PAGE, help="the page")
    return parser.parse_args()


def _names(known: Collection[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        wrong = [name for name in names if name not in known]
        if wrong:
            raise argparse.ArgumentTypeError(f"there is no {wrong[0]}; choose some of {', '.join(known)}")
        return names

    return parse


if __name__ == "__main__":
    sys.exit(main())
