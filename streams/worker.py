"""`weir worker`: some or all of the stages, as a member of a consumer group, until a signal or an error ends it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rules.heuristics.own_pack_check import check_own_pack
from streams.engine.plan import StagePlan
from streams.engine.runner import report_error, run_plans
from streams.packs.topic import announce
from streams.stages import STAGE_INPUTS, Resources, make_task
from streams.task import Task
from streams.train.task import TrainTask
from weir.errors import UsageError, WeirError
from weir.settings import Settings
from weir.tables.extra import check_extra
from weir.topics import STAGES, TABLE_STAGE


def run_worker(settings: Settings, stages: Sequence[str] = STAGES) -> int:
    """Runs the stages in this process until SIGTERM, SIGINT or an error; returns the exit code.

    0 after a signal, 1 when the work failed, 2 when it could not begin as asked; an error is one message on
    standard error. To be called from the main thread.
    """
    if list(stages) == [TABLE_STAGE]:
        return _run_table(settings)
    unknown = [stage for stage in stages if stage not in STAGE_INPUTS]
    try:
        if unknown or not stages:
            raise UsageError(
                f"There is no stage {unknown[0]}." if unknown else "No stage was named.",
                f"Name stages of {', '.join(STAGE_INPUTS)}, or only {TABLE_STAGE}, which has a group of its own.",
            )
        resources = Resources.from_settings(settings, check_own=check_own_pack)
    except WeirError as error:
        return report_error(error)
    plans = [
        StagePlan(stage, inputs, partial(make_loaded_task, stage, resources=resources))
        for stage, inputs in STAGE_INPUTS.items()
        if stage in stages
    ]
    return run_plans(settings, plans, resources.followed, partial(announce, settings, resources.library))


def _run_table(settings: Settings) -> int:
    try:
        check_extra("The stage table")
    except UsageError as error:
        return report_error(error)
    from streams.table.run import run_table  # noqa: PLC0415 -- needs what only the extra brings

    return run_table(settings)


def make_loaded_task(stage: str, partition: int, resources: Resources) -> Task:
    """The task of a stage for one partition, with its libraries loaded."""
    task = make_task(stage, partition, resources)
    if isinstance(task, TrainTask):
        task.build()
    return task
