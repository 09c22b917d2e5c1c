"""The groups of an installation's workers, and problems of their stages: plain functions over them.

A group's name has the stages that its workers run, so workers with the same stages share a group. Two groups that run
the same stage fence each other, so a release must never change the group of a command line: the stages that
`weir worker` runs by default never change, and a stage that is added later runs in a separate group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from weir.topics import STAGES


@dataclass(frozen=True, slots=True)
class WorkerGroup:
    """A consumer group of workers: one combination of stages."""

    name: str
    stages: tuple[str, ...]
    members: int
    lag: int
    """Last stable offsets less committed offsets, summed over the partitions of the group's inputs."""

    @property
    def runs(self) -> bool:
        """Whether the group has a worker."""
        return self.members > 0


@dataclass(frozen=True, slots=True)
class GroupProblem:
    """A problem or a note about groups, with a hint."""

    is_wrong: bool
    message: str
    advice: str


def group_name(application_id: str, stages: Collection[str]) -> str:
    """Name of the group of workers that run these stages; the order of the stages has no effect."""
    ordered = sorted(stages, key=lambda stage: STAGES.index(stage) if stage in STAGES else len(STAGES))
    return f"{application_id}.{'+'.join(ordered)}"


def stages_of(group: str, application_id: str) -> tuple[str, ...] | None:
    """The stages that a group's workers run; None if the group is not of this application's workers."""
    prefix = f"{application_id}."
    stages = tuple(group.removeprefix(prefix).split("+"))
    return stages if group.startswith(prefix) and set(stages) <= set(STAGES) else None


def problems(groups: Sequence[WorkerGroup]) -> Iterator[GroupProblem]:
    """Finds stages that no group runs, stages that two groups run, and groups that are left over, in this order.

    If there is no worker, the installation is stopped, and no stage is reported.
    """
    running = [group for group in groups if group.runs]
    by_stage: dict[str, list[WorkerGroup]] = defaultdict(list)
    for group in running:
        for stage in group.stages:
            by_stage[stage].append(group)
    missing = [stage for stage in STAGES if stage not in by_stage]
    if running and missing:
        yield GroupProblem(
            is_wrong=True,
            message=f"No worker runs {' and '.join(missing)}.",
            advice=f"Start one: weir worker --stages {','.join(missing)}",
        )
    for stage, of_stage in by_stage.items():
        if len(of_stage) > 1:
            names = " and ".join(group.name for group in of_stage)
            yield GroupProblem(
                is_wrong=True,
                message=f"{stage} is run by workers of {names}: they fence each other.",
                advice=f"Stop the workers of all but one of these groups, or start them without {stage} in --stages.",
            )
    for group in groups:
        if not group.runs and running and all(stage in by_stage for stage in group.stages):
            yield GroupProblem(
                is_wrong=False,
                message=f"{group.name} is left over: no worker is in it, and others run its stages.",
                advice="The group does no harm; `weir doctor --remove-leftovers` removes it.",
            )
