"""`python -m bench`: measures, keeps the raw results and writes the report; `make bench` calls it.

Results of measures that are not asked for stay as they are in the folder's results, so that one can be taken again
without the others. Exit code 0, or 1 if a contestant published something wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bench import plan
from bench.contestants.everybody import PEERS, WEIR, contestants
from bench.measure.growth import measure_memory, measure_patterns, measure_visitors
from bench.measure.latency import measure_latency
from bench.measure.machine import conditions
from bench.measure.profile import measure_profile
from bench.measure.rates import measure_rates
from bench.measure.recovery import measure_recovery
from bench.measure.scale import measure_scale, measure_start
from bench.micro.run import measure_hot
from bench.plan import Plan
from bench.report.results import Results, is_right
from bench.report.write import write_report
from tests.measures.results import say

Measure = Callable[[Plan, argparse.Namespace], dict[str, Any]]


def _rates(sizes: Plan, given: argparse.Namespace, spec_data: str = "") -> dict[str, Any]:
    known = contestants()
    wrong = [name for name in given.contestants if name not in known]
    if wrong:
        raise SystemExit(f"There is no contestant {wrong[0]}. Choose some of {', '.join(known)}.")
    spec = msgspec.structs.replace(sizes.spec, data=spec_data)
    found = measure_rates([known[name] for name in given.contestants], spec, sizes.runs, given.home)
    titles = {name: msgspec.to_builtins(known[name].traits) for name in given.contestants}
    return found | {"spec": msgspec.to_builtins(spec), "traits": titles}


MEASURES: Mapping[str, Measure] = {
    "throughput": _rates,
    "real": lambda sizes, given: _rates(sizes, given, "real"),
    "latency": lambda sizes, given: measure_latency(sizes.rate, sizes.seconds, given.home),
    "visitors": lambda sizes, given: measure_visitors(sizes.visitors, sizes.visitors_events, sizes.runs, given.home),
    "memory": lambda sizes, given: measure_memory(sizes.memory_visitors, given.home),
    "patterns": lambda sizes, given: measure_patterns(sizes.patterns, sizes.spec, sizes.runs, given.home),
    "scale": lambda sizes, given: measure_scale(sizes.spec, sizes.runs, given.home),
    "recovery": lambda sizes, given: measure_recovery(sizes.recovery_sessions, given.home),
    "start": lambda sizes, given: measure_start(sizes.runs, given.home),
    "micro": lambda sizes, _: measure_hot(sizes.runs),
    "profile": lambda sizes, given: measure_profile(sizes.spec, given.home),
}


def main() -> int:
    """Measures and writes the report."""
    given = _arguments()
    make = plan.small if given.small else plan.whole
    sizes = make(given.events, given.runs, given.seconds)
    results = Results(given.home / "results.json")
    for name in given.only:
        say(f"--- {name}")
        try:
            figures = MEASURES[name](sizes, given)
        except Exception as error:
            if not given.carry_on:
                raise
            say(f"{name} failed: {error}")
            figures = {"failed": str(error)}
        results.put(name, figures, conditions())
    write_report(results.all(), given.report)
    say(f"the report is {given.report}, raw results are {results.file}")
    return 0 if is_right(results.all(), given.only) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", type=_names(MEASURES), default=list(MEASURES), help=f"some of {', '.join(MEASURES)}")
    parser.add_argument("--contestants", type=lambda text: text.split(","), default=[*WEIR, *PEERS])
    parser.add_argument("--events", type=int, help="of the log")
    parser.add_argument("--runs", type=int, help="of each contestant")
    parser.add_argument("--seconds", type=float, help="of sending, for the latency")
    parser.add_argument("--small", action="store_true", help="just enough to see that it runs")
    parser.add_argument("--carry-on", action="store_true", help="a measure that fails is noted, and the next one taken")
    parser.add_argument("--home", type=Path, default=Path("build/bench"), help="for environments and raw results")
    parser.add_argument("--report", type=Path, default=Path("build/bench/benchmarks.md"), help="the page")
    return parser.parse_args()


def _names(known: Mapping[str, object]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        wrong = [name for name in names if name not in known]
        if wrong:
            raise argparse.ArgumentTypeError(f"there is no {wrong[0]}; choose some of {', '.join(known)}")
        return names

    return parse


if __name__ == "__main__":
    sys.exit(main())
