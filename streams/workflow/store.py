"""Results of steps on disk: a folder for each result, which is renamed only when it is complete.

FOLDER/lock                     locked during a run
FOLDER/STEP/KEY/                a finished step's files, and step.json with the SHA-256 of each
FOLDER/STEP/.part-…/            files that a step is writing
FOLDER/STEP/log                 output of the step's last run
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
"""First and last bytes of a Parquet file, by which a truncated file is recognised."""


class Store:
    """The folder of a workflow's results.

    Args:
        folder: The folder, which is created if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Locks the folder for one run, and deletes incomplete results of a killed run.

        Raises:
            WorkError: Another run has locked the folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkError(
                    f"Another run uses the folder {self.folder}.", "Wait for its end, or give another --folder."
                ) from error
            for left in self.folder.glob(f"*/{_PART}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    def log(self, step: Step) -> Path:
        """The file for the step's output."""
        return self.folder / step.name / "log"

    def begin(self, step: Step, key: str) -> Path:
        """Creates an empty folder for the step's files."""
        part = self.folder / step.name / f"{_PART}{key[:16]}-{os.getpid()}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        return part

    def finish(self, step: Step, key: str, part: Path) -> dict[str, str]:
        """Makes the written files the step's result; returns the content of each output.

        Raises:
            WorkError: An output is missing, empty or truncated, so the result is not stored.
        """
        for output, name in step.outputs.items():
            fault = _fault(part / name)
            if fault:
                raise WorkError(f"Step {step.name} succeeded, but its output {output} {fault}.", "See the step's log.")
        contents = {output: file_content(part / name) for output, name in step.outputs.items()}
        (part / _RECORD).write_text(json.dumps(contents, sort_keys=True), encoding="utf-8")
        whole = self._whole(step, key)
        # Removes a result that `find` has refused, since its files were changed.
        shutil.rmtree(whole, ignore_errors=True)
        part.rename(whole)
        return contents

    def find(self, step: Step, key: str) -> dict[str, str] | None:
        """The content of each output of a finished step; None if there is no result or its files were changed."""
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
        """Paths of a finished step's outputs."""
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
    """The reason why a file is not a complete output, for a message; empty if it seems complete."""
    if not path.is_file():
        return f"is missing ({path.name})"
    if not path.stat().st_size:
        return f"is empty ({path.name})"
    if path.suffix == ".parquet":
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
            file.seek(max(0, path.stat().st_size - len(_MAGIC)))
            if (begin, file.read()) != (_MAGIC, _MAGIC) or path.stat().st_size < 3 * len(_MAGIC):
                return f"is not a complete Parquet file ({path.name})"
    if path.suffix == ".json":
        try:
            json.loads(path.read_bytes())
        except ValueError:
            return f"is not complete JSON ({path.name})"
    return ""
