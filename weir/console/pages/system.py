"""The installation: workers, the store, settings, and the doctor's findings."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from weir.console.context import Console
from weir.console.pages.shared import Visit, as_json, page, render
from weir.console.store.schema import FILE
from weir.console.workers import WorkerSeen
from weir.settings import Settings, plain, sources_of


@dataclass(frozen=True, slots=True)
class StageSeen:
    """One stage of one worker, by the worker's metrics."""

    stage: str
    partitions: Sequence[int]
    waiting: Sequence[int]
    """Partitions that are not ready, since they recover their state."""
    lag: float
    recovery_s: float | None
    """Seconds that the longest of their last recoveries took."""
    entries: float | None
    """State entries that these recoveries read."""


def system(console: Console, visit: Visit) -> Response:
    """The page, with the doctor's findings if they are requested or still kept."""
    findings = console.examined.now() if visit.query.get("doctor") == "1" else console.examined.held
    workers = [(one, stages_of(one)) for one in console.workers.workers()]
    progress = console.follower.progress
    store: dict[str, Any] = {
        "read": progress.read,
        "total": progress.total,
        "is_current": progress.is_current,
        "newest_s": progress.newest_s or None,
        "bytes": file_bytes(console.settings),
    }
    settings = settings_rows(console.settings)
    if visit.wants_json:
        return as_json(
            {
                "workers": [
                    {"address": one.address, "is_up": one.is_up, "is_ready": one.is_ready, "stages": stages}
                    for one, stages in workers
                ],
                "store": store,
                "settings": settings,
                "findings": [dataclasses.asdict(one) for one in findings.found] if findings is not None else None,
            }
        )
    return render(console, visit, "system.html", workers=workers, store=store, settings=settings, findings=findings)


def stages_of(worker: WorkerSeen) -> list[StageSeen]:
    """The stages of a worker, in the order in which they process an event."""
    listed = [one for one in worker.status.get("partitions", ()) if isinstance(one, dict)]
    names = [str(name) for name in worker.status.get("stages", ())]
    lag = Counter[str]()
    for one in listed:
        lag[str(one.get("stage"))] += one.get("lag") or 0
    return [
        StageSeen(
            stage=name,
            partitions=[one.get("partition", -1) for one in listed if one.get("stage") == name],
            waiting=[one.get("partition", -1) for one in listed if one.get("stage") == name and not one.get("ready")],
            lag=lag[name],
            recovery_s=max(_values(worker, "weir_recovery_seconds", name), default=None),
            entries=sum(entries) if (entries := _values(worker, "weir_recovered_entries", name)) else None,
        )
        for name in names
    ]


def file_bytes(settings: Settings) -> int:
    """Size of the store's files in bytes."""
    total = 0
    for path in settings.console_folder.glob(f"{FILE}*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def settings_rows(settings: Settings) -> list[dict[str, str]]:
    """Each setting as in `weir settings`: its value (secrets are masked), its source and its meaning."""
    origin = sources_of(settings)
    return [
        {
            "setting": name,
            "value": plain(value),
            "source": origin[name],
            "meaning": Settings.model_fields[name].description or "",
        }
        for name, value in settings.model_dump(mode="json").items()
    ]


def _values(worker: WorkerSeen, metric: str, stage: str) -> list[float]:
    return [
        value
        for (name, labels), value in worker.series.items()
        if name == metric and dict(labels).get("stage") == stage
    ]


ROUTES: tuple[BaseRoute, ...] = (page("/system", system),)
