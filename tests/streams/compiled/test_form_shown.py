"""Which form runs is told by the worker and by the doctor."""

from __future__ import annotations

import asyncio
import json

import pytest

from streams.compiled.form import form
from streams.engine.process import Process
from tests.support.command import weir
from weir.broker import free_port
from weir.kafka import doctor
from weir.settings import Settings, stray_environment


def test_a_worker_tells_it_in_its_status_and_metrics() -> None:
    async def told() -> tuple[object, bytes]:
        process = Process(Settings(), [])
        return process.status()["compiled"], process.metrics()

    status, metrics = asyncio.run(told())
    assert status is form().is_compiled
    name = "compiled" if form().is_compiled else "python"
    assert f'weir_compiled_info{{form="{name}"}} 1.0' in metrics.decode()


def test_the_doctor_tells_it_before_all_that_needs_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "REACH_TIMEOUT_S", 0.5)
    said = weir("doctor", "--json", "--set", f"bootstrap_servers=127.0.0.1:{free_port()}").out.splitlines()
    first = json.loads(said[0])
    assert first["what"] == "form"
    assert str(form()) in first["message"]


def test_the_switch_is_no_stray_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_COMPILED", "0")
    assert "WEIR_COMPILED" not in stray_environment()
