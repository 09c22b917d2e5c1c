"""`python -m evaluation.rules`: runs the parts, keeps their results, and writes the page from all there are."""

from __future__ import annotations

import sys

from evaluation.common.command import Parts, run_evaluation
from evaluation.rules import agents, corpora, cost, logs, page, payloads, referrers, standins

PARTS: Parts = {
    "standins": standins.evaluate,
    "benign": corpora.evaluate,
    "payloads": payloads.evaluate,
    "agents": agents.evaluate,
    "log": logs.evaluate,
    "referrers": referrers.evaluate,
    "cost": cost.evaluate,
}


def main(arguments: list[str] | None = None) -> int:
    """Runs the evaluation of the rules; gives the exit code."""
    return run_evaluation("rules", PARTS, page.write, arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())
