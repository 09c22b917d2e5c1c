"""Reads workers' status from their web servers, for facts that the cluster does not have."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from weir.kafka.doctor import Finding
from weir.settings import Settings

TIMEOUT_S = 3.0
_NO_KEY = "Set WEIR_MODEL_KEY of this worker, to the same secret for all, and start it again."


def ask_workers(addresses: Sequence[str], settings: Settings) -> Iterator[Finding]:
    """Whether each worker answers, has the model key, and belongs to this application."""
    for address in addresses:
        try:
            status = _status(address)
        except (OSError, ValueError):
            yield Finding(
                "workers", "wrong", f"No worker answers at {address}.", "Check that it runs, and its WEIR_WEB_PORT."
            )
            continue
        yield from findings_of(address, status, settings.application_id)


def findings_of(address: str, status: dict[str, Any], application_id: str) -> Iterator[Finding]:
    """The findings that follow from a worker's status."""
    if status.get("application") != application_id:
        yield Finding(
            "workers",
            "wrong",
            f"The worker at {address} belongs to the application {status.get('application')}, not to {application_id}.",
            "Set WEIR_APPLICATION_ID to the same value for this command and the worker.",
        )
        return
    judges = {"score", "train"} & set(status.get("stages", ()))
    if judges and status.get("model_key") is False:
        yield Finding(
            "workers", "note", f"The worker at {address} has no model key: no model scores or learns in it.", _NO_KEY
        )
    behind = sum(int(partition.get("lag", 0)) for partition in status.get("partitions", ()))
    state = "ready" if status.get("ready") else "not ready"
    yield Finding("workers", "well", f"The worker at {address} is {state}, {behind:,} records behind.")


def _status(address: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(address.rstrip("/") + "/", timeout=TIMEOUT_S) as answered:  # noqa: S310 -- what the operator named
            status: dict[str, Any] = json.loads(answered.read())
    except urllib.error.URLError as error:
        raise OSError(str(error)) from error
    return status
