"""Waiting for a broker that is not there, for as long as a test likes."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from weir import kafka


def give_up_after(monkeypatch: pytest.MonkeyPatch, timeout_s: float = 0.5) -> None:
    """Lets every call of a client of Kafka's give up so soon, in whichever module it is made."""
    for found in pkgutil.iter_modules(kafka.__path__, f"{kafka.__name__}."):
        module = importlib.import_module(found.name)
        if hasattr(module, "ANSWER_TIMEOUT_S"):
            monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", timeout_s)
