"""The command of an evaluation: runs the parts, keeps their results, and writes the page from all results there are."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import msgspec

from evaluation.common.page import line
from evaluation.common.result import EvaluationResult

ROOT = Path(__file__).parents[2]
Parts = Mapping[str, Callable[[Path], EvaluationResult]]
WritePage = Callable[[Mapping[str, EvaluationResult], Path], Path]


def run_evaluation(
    name: str,
    parts: Parts,
    write_page: WritePage,
    *,
    needs_no_data: Collection[str] = (),
    arguments: list[str] | None = None,
) -> int:
    """Runs the parts that the arguments name, all unless they name some.

    Args:
        name: Of the evaluation, `rules` or `models`.
        parts: The function of each part; its argument is the folder of the data sets.
        write_page: Writes the page from the results into a folder.
        needs_no_data: Parts that run without the data sets.
        arguments: Of the command line; those of the process unless given.

    Returns:
        The exit code, which is 0 even if a goal is missed: a missed goal is printed.
    """
    program = f"python -m evaluation.{name}"
    about = f"`{program}`: runs the parts, keeps their results, and writes the page from all there are."
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--only", help=f"parts between commas: {', '.join(parts)}")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="where the data sets lie")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder for the page and its plots")
    chosen = parser.parse_args(arguments)
    names = chosen.only.split(",") if chosen.only else list(parts)
    unknown = [part for part in names if part not in parts]
    if unknown:
        parser.error(f"there is no part {unknown[0]}: {', '.join(parts)}")
    kept = ROOT / "build" / "evaluation" / name
    for part in names:
        if part not in needs_no_data and not chosen.data.is_dir():
            sys.stderr.write(f"{part}: left out, there is no data in {chosen.data}\n")
            continue
        _run(parts[part], chosen.data, kept / f"{part}.json")
    results = {part: found for part in parts if (found := _kept(kept / f"{part}.json")) is not None}
    sys.stdout.write(f"{write_page(results, chosen.out)}\n")
    return 0


def _run(evaluate: Callable[[Path], EvaluationResult], data: Path, kept: Path) -> None:
    begun_s = time.monotonic()
    result = evaluate(data)
    result.seconds = round(time.monotonic() - begun_s, 1)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(msgspec.json.encode(result))
    sys.stdout.write(f"{result.title} ({result.seconds:.0f} s)\n")
    for figure in result.figures:
        sys.stdout.write(f"  {line(figure)}\n")
    sys.stdout.flush()


def _kept(path: Path) -> EvaluationResult | None:
    return msgspec.json.decode(path.read_bytes(), type=EvaluationResult) if path.exists() else None
