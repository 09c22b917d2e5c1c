"""`python -m tests.chaos.collected`: writes `docs/chaos/README.md` from the reports of runs that lie beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "chaos"
_HEAD = """\
# Runs of chaos

<!-- Written by `python -m tests.chaos.collected` from the reports beside it: change neither by hand. -->

Faults under load on real Kafka, judged by an oracle that shares no code with Weir ([guarantees.md](../guarantees.md)).
Each run is a folder: its page, the picture of its course, and the same as JSON. `make chaos SECONDS=300 SEED=21
RATE=5000` repeats plan and traffic of a seed; `PART=2` goes on in its plan. Each row says at which commit it was.

| run | commit | nodes | asked for | faults, kinds | records read | compared | lost, twice, torn | judge's memory |
|---|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    """Writes the page."""
    reports = [(path.parent.name, json.loads(path.read_text())) for path in sorted(FOLDER.glob("*/report.json"))]
    (FOLDER / "README.md").write_text(page_of(reports))
    return 0


def page_of(reports: list[tuple[str, Mapping[str, Any]]]) -> str:
    """The page of these runs, by the names of their folders."""
    return _HEAD + "".join(_rows(reports))


def _rows(reports: list[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    for name, report in reports:
        options, faults = report["options"], report["faults"]
        cells = (
            f"[{name}]({name}/report.md)",
            f"`{report['commit']}`",
            str(options["nodes"]),
            f"{options['rate']:,.0f} events/s for {options['seconds']:.0f} s",
            f"{len(faults)}, {len({fault['fault'] for fault in faults})}",
            f"{report['records_read']:,}",
            f"{report['records_compared']:,}",
            str(len(report["differences"])) if report["differences"] else "none",
            f"{report['judge_memory_mib']:,} MiB",
        )
        yield f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
