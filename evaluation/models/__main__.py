"""`python -m evaluation.models`: runs the parts, keeps their results, and writes the page from all there are."""

from __future__ import annotations

import sys

from evaluation.common.command import Parts, run_evaluation
from evaluation.models import arrivals, coverage, lessons, page, poisoning, served, small, speed, texts

PARTS: Parts = {
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
    """Runs the evaluation of the models; gives the exit code."""
    return run_evaluation("models", PARTS, page.write, needs_no_data=NEEDS_NO_DATA, arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())
