"""`python -m bench.report`: writes `docs/benchmarks.md` from the results that lie in `bench/results`."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.report.write import write_report
from bench.result import BadResultError


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("bench/results"), help="the folder of results")
    parser.add_argument("--report", type=Path, default=Path("docs/benchmarks.md"), help="the page")
    given = parser.parse_args()
    try:
        write_report(given.results, given.report)
    except BadResultError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
