"""The groups of an installation's workers, and what is wrong with who runs which stage: plain functions over them.

A group is named by the stages that its workers run, so that workers of one combination share it. Two groups that run
the same stage fence each other, so a release must never change the name that a command line gives: the stages that
`weir worker` runs by default are settled, and one that is added later runs by itself, in a group of its own.
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
    """Last stable offsets less what the group has committed, summed over the partitions of its inputs."""

    @property
    def runs(self) -> bool:
        """Whether a worker is in it."""
        return self.members > 0


@dataclass(frozen=True, slots=True)
class GroupProblem:
    """Something that is wrong or worth knowing, with what to do."""

    is_wrong: bool
    message: str
    advice: str


def group_name(application_id: str, stages: Collection[str]) -> str:
    """The group of workers that run these stages, in whatever order they are named."""
    ordered = sorted(stages, key=lambda stage: STAGES.index(stage) if stage in STAGES else len(STAGES))
    return f"{application_id}.{'+'.join(ordered)}"


def stages_of(group: str, application_id: str) -> tuple[str, ...] | None:
    """The stages that a group's workers run; None where the name is none of this application's workers'."""
    prefix = f"{application_id}."
    stages = tuple(group.removeprefix(prefix).split("+"))
    return stages if group.startswith(prefix) and set(stages) <= set(STAGES) else None


def problems(groups: Sequence[WorkerGroup]) -> Iterator[GroupProblem]:
    """Stages that no group runs or that two groups run, and groups that are left over, in this order.

    Without any worker no stage is reported: the installation is stopped.
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
                advice="It does no harm; `weir doctor --remove-leftovers` removes it.",
            )
