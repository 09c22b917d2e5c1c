"""Results of steps on disk: a folder each, that appears whole by a rename or not at all.

FOLDER/lock                     held while a run is on
FOLDER/STEP/KEY/                a finished step's files, and step.json with the SHA-256 of each
FOLDER/STEP/.part-…/            what a step is writing
FOLDER/STEP/log                 what the step printed last
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from streams.workflow.content import file_content
from streams.workflow.declaration import Step, Workflow
from weir.errors import WorkError

_PART = ".part-"
_RECORD = "step.json"
_MAGIC = b"PAR1"
"""A Parquet file begins and ends with it: one that was cut off lacks its end."""


class Store:
    """The folder of a workflow's results.

    Args:
        folder: made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other runs out of the folder, and clears away what a killed run left half-written.

        Raises:
            WorkError: another run holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkError(
                    f"Another run works in {self.folder}.", "Wait for its end, or give another --folder."
                ) from error
            for left in self.folder.glob(f"*/{_PART}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    def log(self, step: Step) -> Path:
        """Where what the step prints goes."""
        return self.folder / step.name / "log"

    def begin(self, step: Step, key: str) -> Path:
        """A new, empty folder for the step to write into."""
        part = self.folder / step.name / f"{_PART}{key[:16]}-{os.getpid()}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        return part

    def finish(self, step: Step, key: str, part: Path) -> dict[str, str]:
        """Makes what the step wrote its result, and gives the content of each output.

        Raises:
            WorkError: an output is missing, empty or cut off: then nothing is kept.
        """
        for output, name in step.outputs.items():
            fault = _fault(part / name)
            if fault:
                raise WorkError(f"Step {step.name} ended well, but its output {output} {fault}.", "See its log.")
        contents = {output: file_content(part / name) for output, name in step.outputs.items()}
        (part / _RECORD).write_text(json.dumps(contents, sort_keys=True), encoding="utf-8")
        whole = self._whole(step, key)
        # A result that is there but was changed by hand goes first.
        shutil.rmtree(whole, ignore_errors=True)
        part.rename(whole)
        return contents

    def find(self, step: Step, key: str) -> dict[str, str] | None:
        """The content of each output of a finished step; None where it must run. Files changed since are no result."""
        whole = self._whole(step, key)
        try:
            contents: Mapping[str, str] = json.loads((whole / _RECORD).read_text(encoding="utf-8"))
            found = {output: file_content(whole / name) for output, name in step.outputs.items()}
        except (OSError, ValueError):
            return None
        if found != contents:
            return None
        # `remove_old` keeps the results that were used last.
        os.utime(whole)
        return found

    def paths(self, step: Step, key: str) -> dict[str, Path]:
        """Where the outputs of a finished step lie."""
        return {output: self._whole(step, key) / name for output, name in step.outputs.items()}

    def remove_old(self, workflow: Workflow, keep: int) -> int:
        """Removes all but the `keep` results of each step that were made or used last; returns how many went.

        Only what a finished step has left counts as a result. Call it while the folder is held.
        """
        removed = 0
        for step in workflow.steps:
            results = [record.parent for record in (self.folder / step.name).glob(f"*/{_RECORD}")]
            results.sort(key=lambda result: result.stat().st_mtime_ns, reverse=True)
            for result in results[keep:]:
                shutil.rmtree(result)
                removed += 1
        return removed

    def _whole(self, step: Step, key: str) -> Path:
        return self.folder / step.name / key[:32]


def _fault(path: Path) -> str:
    """What shows that a file is not whole; empty where nothing does."""
    if not path.is_file():
        return f"is missing ({path.name})"
    if not path.stat().st_size:
        return f"is empty ({path.name})"
    if path.suffix == ".parquet":
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
            file.seek(max(0, path.stat().st_size - len(_MAGIC)))
            if (begin, file.read()) != (_MAGIC, _MAGIC) or path.stat().st_size < 3 * len(_MAGIC):
                return f"is no whole Parquet file ({path.name})"
    if path.suffix == ".json":
        try:
            json.loads(path.read_bytes())
        except ValueError:
            return f"is no whole JSON ({path.name})"
    return ""
