"""Calls the command line in this process, as a shell would."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from typing import Any

from weir.cli.main import main
from weir.settings import Settings


@dataclass(frozen=True)
class Called:
    """How a call ended and what it printed."""

    code: int
    out: str
    err: str

    def rows(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def weir(*arguments: str, on: Settings | None = None) -> Called:
    """Runs `weir` with these arguments, `on` an installation if given."""
    where = (
        []
        if on is None
        else [
            *("--bootstrap-servers", on.bootstrap_servers),
            *("--application-id", on.application_id),
            *("--topic-prefix", on.topic_prefix),
            *("--set", f"partitions={on.partitions}"),
        ]
    )
    out, err = io.StringIO(), io.StringIO()
    code: Any = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([*arguments, *where])
        except SystemExit as exit_:
            code = exit_.code
    return Called(int(code or 0), out.getvalue(), err.getvalue())
