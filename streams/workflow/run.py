"""Runs a workflow on this machine: independent steps run in parallel, and stored results are reused."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Literal

from streams.workflow.content import given_content, step_key, version_number
from streams.workflow.declaration import Step, Workflow
from streams.workflow.process import Processes, StepFailedError
from streams.workflow.store import Store
from streams.workflow.unfinished import Unfinished
from weir.errors import UsageError, WorkError

State = Literal["done", "kept", "failed", "waits"]
"""`kept`: the result was in the store. `waits`: the step was not run, as a step that it depends on failed."""
KEEP = 5
"""Number of results of a step that are kept, so that recent runs can be compared and used again."""
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of a step."""

    name: str
    state: State
    seconds: float = 0.0
    attempts: int = 0
    why: str = ""
    hint: str = ""
    paths: Mapping[str, Path] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    would_repeat: bool = False
    """Whether it failed in a way that another try can't mend, such as an empty table."""


class Run:
    """One run of a workflow.

    Args:
        workflow: The workflow.
        given: The given values by name.
        store: The store of results.
        jobs: Most steps that run at the same time.
        is_fresh: Whether to use the newest version of each table, also after an unfinished run.
        keep: Number of results of each step that are kept, including this run's.
        report: Called with a line for each progress event, by any thread.

    Raises:
        UsageError: A given value is missing.
    """

    def __init__(  # noqa: PLR0913 -- one parameter an option of the command
        self,
        workflow: Workflow,
        given: Mapping[str, str],
        store: Store,
        *,
        jobs: int = 2,
        is_fresh: bool = False,
        keep: int = KEEP,
        report: Report = lambda _: None,
    ) -> None:
        missing = [name for name in workflow.given if not given.get(name)]
        if missing:
            raise UsageError(f"The workflow {workflow.name} needs {missing[0]}.", f"Give it by --{missing[0]}.")
        self._workflow, self._given, self._store = workflow, given, store
        self._jobs, self._is_fresh, self._keep, self._report = jobs, is_fresh, keep, report
        self._processes = Processes()
        self.results: dict[str, StepResult] = {}

    def run(self) -> list[StepResult]:
        """Runs all steps whose dependencies succeed, and blocks; returns results in the order of the declaration.

        Raises:
            WorkError: Another run uses the same folder, or a given table can't be read.
        """
        present = {name: given_content(one, self._given[name]) for name, one in self._workflow.given.items()}
        with self._store.locked():
            unfinished = Unfinished(self._store, self._workflow, self._given)
            contents = self._contents(present, None if self._is_fresh else unfinished.contents())
            unfinished.begin(contents)
            self._run_graph(contents)
            failed = [result for result in self.results.values() if result.state == "failed"]
            if not failed or any(result.would_repeat for result in failed):
                unfinished.end()
            if removed := self._store.remove_old(self._workflow, self._keep):
                self._report(f"Removed {removed} results of earlier runs; {self._keep} of each step stay.")
        return [self.results[step.name] for step in self._workflow.steps]

    def _contents(self, present: Mapping[str, str], unfinished: Mapping[str, str] | None) -> Mapping[str, str]:
        if unfinished is None or unfinished == present:
            return present
        for name, content in unfinished.items():
            if content != present[name]:
                self._report(
                    f"Goes on with {name} at version {version_number(content)}, where the unfinished run began; "
                    f"it is at {version_number(present[name])} now. --fresh begins with that."
                )
        return unfinished

    def _run_graph(self, given: Mapping[str, str]) -> None:
        steps = {step.name: step for step in self._workflow.steps}
        sorter = TopologicalSorter({name: self._workflow.dependencies(step) for name, step in steps.items()})
        sorter.prepare()
        running: dict[Future[StepResult], str] = {}
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="step") as pool:
            try:
                while sorter.is_active():
                    for name in sorter.get_ready():
                        if self._is_blocked(steps[name]):
                            self._ended(StepResult(name, "waits"))
                            sorter.done(name)
                        else:
                            contents, values = self._inputs(steps[name], given)
                            running[pool.submit(self._run_step, steps[name], contents, values)] = name
                    if running:
                        ended, _ = wait(running, return_when=FIRST_COMPLETED)
                        for future in ended:
                            self._ended(future.result())
                            sorter.done(running.pop(future))
            except BaseException:
                self._processes.stop()
                raise

    def _is_blocked(self, step: Step) -> bool:
        return any(self.results[name].state in {"failed", "waits"} for name in self._workflow.dependencies(step))

    def _inputs(self, step: Step, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Content and value (a path or the given value) of each input."""
        contents, values = dict(given), dict(self._given)
        for result in self.results.values():
            contents |= result.contents
            values |= {name: str(path) for name, path in result.paths.items()}
        # The version that the key names: a table that is being written has a newer one when the step reads it.
        versions = {
            f"{name}-version": version_number(given[name])
            for name in step.inputs
            if name in given and self._workflow.given[name].kind == "table"
        }
        return (
            {name: contents[name] for name in step.inputs},
            {name: values[name] for name in step.inputs} | versions,
        )

    def _run_step(self, step: Step, contents: Mapping[str, str], values: Mapping[str, str]) -> StepResult:
        key = step_key(self._workflow, step, contents)
        began_s = time.monotonic()
        found = self._store.find(step, key)
        if found is not None:
            return StepResult(step.name, "kept", paths=self._store.paths(step, key), contents=found)
        attempt = 0
        while True:
            attempt += 1
            self._report(f"{step.name}: begins" if attempt == 1 else f"{step.name}: attempt {attempt}")
            try:
                made = self._attempt(step, key, values)
            except (WorkError, OSError) as error:
                why, hint = (error.message, error.hint) if isinstance(error, WorkError) else (f"{error}.", "")
                may_retry = error.may_retry if isinstance(error, StepFailedError) else True
                if may_retry and attempt <= step.retries:
                    self._report(f"{step.name}: {why}")
                    continue
                seconds = time.monotonic() - began_s
                return StepResult(step.name, "failed", seconds, attempt, why, hint, would_repeat=not may_retry)
            paths = self._store.paths(step, key)
            return StepResult(step.name, "done", time.monotonic() - began_s, attempt, paths=paths, contents=made)

    def _attempt(self, step: Step, key: str, values: Mapping[str, str]) -> dict[str, str]:
        part = self._store.begin(step, key)
        arguments = [word for name, value in values.items() for word in (f"--{name}", value)]
        arguments += [word for name, file in step.outputs.items() for word in (f"--{name}", str(part / file))]
        self._processes.run(step.name, [*step.command, *arguments], self._store.log(step), step.time_limit_s)
        return self._store.finish(step, key, part)

    def _ended(self, result: StepResult) -> None:
        self.results[result.name] = result
        took = f" in {result.seconds:.1f} s" if result.state in {"done", "failed"} else ""
        self._report(f"{result.name}: {result.state}{took}")
