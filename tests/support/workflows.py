"""Small workflows of Python one-liners that count their own runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streams.workflow.declaration import Workflow, parse_workflow

PROGRAM = """
import sys, time, pathlib, os
names = dict(zip([one[2:] for one in sys.argv[1::2]], sys.argv[2::2]))
with open("runs", "a") as runs:
    runs.write({name!r} + "\\n")
text = "".join(pathlib.Path(names[one]).read_text() if os.path.exists(names[one]) else names[one] for one in {inputs!r})
{work}
for one in {outputs!r}:
    pathlib.Path(names[one]).write_text(text + {name!r})
"""
"""What a step does: joins its inputs, works, and writes; a line in the file `runs` for each time that it began."""


def step(
    folder: Path, name: str, inputs: list[str], *, work: str = "", outputs: list[str] | None = None, **fields: object
) -> dict[str, Any]:
    """A step whose program lies in the folder."""
    made = outputs or [f"of-{name}"]
    program = folder / f"{name}.py"
    program.write_text(PROGRAM.format(name=name, inputs=inputs, outputs=made, work=work))
    return {
        "name": name,
        "command": ["python", str(program)],
        "inputs": inputs,
        "outputs": {one: f"{one}.txt" for one in made},
        "time_limit_s": 60,
    } | fields


def declared(steps: list[dict[str, Any]], given: tuple[str, ...] = ()) -> dict[str, Any]:
    """The declaration of these steps."""
    return {"name": "small", "image": "small:1", "given": {one: {"kind": "text"} for one in given}, "steps": steps}


def workflow(steps: list[dict[str, Any]], given: tuple[str, ...] = ()) -> Workflow:
    """The workflow of these steps."""
    return parse_workflow(declared(steps, given), "small")


def runs(folder: Path) -> list[str]:
    """The steps that began, in order."""
    file = folder / "runs"
    return file.read_text().split() if file.exists() else []
