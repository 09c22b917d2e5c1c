"""`python -m tests.protocol`: the protocol's model, checked within bounds that can be chosen; for `make model`."""

from __future__ import annotations

import argparse
import sys

from tests.protocol.tlc import HOLDS, check, configuration


def main() -> int:
    """Prints TLC's summary, or its counterexample."""
    parser = argparse.ArgumentParser(prog="make model", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--owners", type=int, default=2)
    parser.add_argument("--records", type=int, default=3)
    parser.add_argument("--faults", type=int, default=3)
    parser.add_argument("--without", default="nothing", metavar="GUARD", help="shows what happens without a guard")
    parser.add_argument("--asks-twice", action="store_true", help="shows what a late request for a commit does")
    given = parser.parse_args()
    bounds = {
        "Owners": "{" + ", ".join(f"o{number}" for number in range(1, given.owners + 1)) + "}",
        "Records": given.records,
        "MaxFaults": given.faults,
        "Without": f'"{given.without}"',
        "AsksTwice": str(given.asks_twice).upper(),
    }
    done = check(configuration(**bounds))
    print(done.summary if done.code == HOLDS else done.said)  # noqa: T201 -- for a person
    return min(done.code, 1)


if __name__ == "__main__":
    sys.exit(main())
