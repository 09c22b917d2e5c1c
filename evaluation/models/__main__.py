"""`python -m evaluation.models`: runs the parts, keeps their results, and writes the page from all there are."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from evaluation.models import arrivals, coverage, lessons, page, poisoning, served, small, speed, texts
from evaluation.models.result import EvaluationResult

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "evaluation" / "models"
PARTS: dict[str, Callable[[Path], EvaluationResult]] = {
    "served": served.evaluate,
    "texts": texts.evaluate,
    "small": small.evaluate,
    "arrivals": arrivals.evaluate,
    "poisoning": poisoning.evaluate,
    "coverage": coverage.evaluate,
    "hard-examples": lessons.hard_examples,
    "augmentation": lessons.augmentation,
    "reframing": lessons.reframing,
    "speed": speed.evaluate,
}
NEEDS_NO_DATA = {"arrivals", "poisoning", "speed"}


def main(arguments: list[str] | None = None) -> int:
    """Runs what is asked for; a goal that is missed is said, and no failure."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.models", description=__doc__)
    parser.add_argument("--only", help=f"parts between commas: {', '.join(PARTS)}")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="where the data sets lie")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder for the page and its plots")
    chosen = parser.parse_args(arguments)
    names = chosen.only.split(",") if chosen.only else list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}: {', '.join(PARTS)}")
    for name in names:
        if name not in NEEDS_NO_DATA and not chosen.data.is_dir():
            sys.stderr.write(f"{name}: left out, there is no data in {chosen.data}\n")
            continue
        _run(name, chosen.data)
    results = {name: found for name in PARTS if (found := _kept(name)) is not None}
    sys.stdout.write(f"{page.write(results, chosen.out)}\n")
    return 0


def _run(name: str, data: Path) -> None:
    begun_s = time.monotonic()
    result = PARTS[name](data)
    result.seconds = round(time.monotonic() - begun_s, 1)
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{name}.json").write_bytes(msgspec.json.encode(result))
    sys.stdout.write(f"{result.title} ({result.seconds:.0f} s)\n")
    for figure in result.figures:
        sys.stdout.write(f"  {page.line(figure)}\n")
    sys.stdout.flush()


def _kept(name: str) -> EvaluationResult | None:
    path = KEPT / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=EvaluationResult) if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
