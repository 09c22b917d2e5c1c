"""`python -m tests.chaos --seconds 600 --seed 1`: faults under load on real Kafka, judged by the oracle.

Exit code 0 if nothing was lost, doubled or torn; 1 otherwise. The seed repeats the plan of faults and the traffic.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.epilogue import epilogue
from tests.chaos.plan import FAMILIES, FAMILY, plan
from tests.chaos.report import write_report
from tests.chaos.run import Options, disturbed
from tests.chaos.verdict import verdict


def main() -> int:
    """Runs, judges, reports."""
    # Whoever ends a run must not leave its brokers and workers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    given = _arguments()
    options = Options(given.seed, given.seconds, given.rate, given.nodes, given.workers, part=given.part)
    only = given.only or [fault for family in given.families for fault in FAMILIES[family]]
    planned = plan(options.seed, options.seconds, given.every, only, options.nodes, given.part)
    scratch = Path(tempfile.mkdtemp(prefix="weir-chaos-"))
    _say(f"seed {options.seed}: up to {len(planned)} faults in {options.seconds:.0f} s; workers' logs in {scratch}")
    with disturbed(scratch, options, planned, _say) as (place, done):
        _say("reading all outputs")
        found = verdict(place.direct, done.begun_ms, _say)
        found.differences.extend(f"ended: {name} at a start of several" for name in done.unasked)
        if not given.only:
            _say("taking the input away: workers must stop, and say why")
            done.stopped = epilogue(place, scratch)
            found.differences.extend(f"unclear: {end.loss}: {end.words}" for end in done.stopped if not end.is_clear)
    name = f"seed-{given.seed}" + (f"-part-{given.part}" if given.part > 1 else "")
    page = write_report(given.report / name, options, done, found)
    _say(f"{len(done.faults)} faults, {found.read:,} records read, {found.outputs:,} compared; {page}")
    for difference in found.differences[:20]:
        _say(difference)
    if found.differences:
        _say(f"{len(found.differences)} differences: see {page}; workers' logs are kept in {scratch}.")
        return 1
    if not given.keep:
        shutil.rmtree(scratch, ignore_errors=True)
    _say("Nothing lost, nothing twice, nothing torn.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--part", type=int, default=1, help="2 goes on in the seed's plan where part 1 ended, and so on"
    )
    parser.add_argument("--rate", type=float, default=2_000.0, help="events a second")
    parser.add_argument("--nodes", type=int, default=1, help="of Kafka: 1 or 3")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=float, default=6.0, help="seconds from one fault to the next, at least")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--only", nargs="*", default=[], choices=list(FAMILY), help="these faults alone")
    parser.add_argument("--report", type=Path, default=Path("build/chaos"))
    parser.add_argument("--keep", action="store_true", help="keep the logs of workers and brokers, whatever happened")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
