"""A stage as the engine runs it, and the threads that it works on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from streams.task import Task
from weir.topics import Topic

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage as the engine runs it."""

    name: str
    inputs: tuple[Topic, ...]
    """Equally many partitions each; partition n of all of them is worked on by one task."""
    make: Callable[[int], Task]
    """Makes the task of a partition, empty."""


class Threads:
    """Where blocking work is done, so that the loop stays free for heartbeats, metrics and the web.

    All tasks' code runs on one thread: what they share within a process needs no locks. Kafka's blocking calls
    (commits, reads) have threads of their own, so that one partition commits while another's batch is worked on.
    """

    def __init__(self) -> None:
        self._work = ThreadPoolExecutor(1, "weir-work")
        self._kafka = ThreadPoolExecutor(64, "weir-kafka")

    async def work(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a task's code."""
        return await asyncio.get_running_loop().run_in_executor(self._work, lambda: call(*args, **kwargs))

    async def kafka(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a call that waits for a broker."""
        return await asyncio.get_running_loop().run_in_executor(self._kafka, lambda: call(*args, **kwargs))

    def close(self) -> None:
        """Takes no more work; doesn't wait for what runs."""
        self._work.shutdown(wait=False, cancel_futures=True)
        self._kafka.shutdown(wait=False, cancel_futures=True)
