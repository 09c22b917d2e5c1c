from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from weir.console.computed import Computed


def test_what_is_kept_is_not_computed_again_until_it_is_old() -> None:
    computed, made = Computed(patience_s=60), [0]

    def prepare() -> Callable[[], int]:
        made[0] += 1
        number = made[0]
        return lambda: number

    first = computed.get("key", 100.0, prepare)
    assert first is not None
    assert (first.value, first.at_s) == (1, 100.0)
    assert computed.get("key", 159.0, prepare) is first
    later = computed.get("key", 160.0, prepare)
    assert later is not None
    assert later.value == 2


def test_whoever_would_wait_too_long_gets_what_there_was_or_nothing() -> None:
    computed, may_end = Computed(patience_s=0.01, kept_s=1.0), threading.Event()
    assert computed.get("key", 0.0, lambda: lambda: may_end.wait(10)) is None
    may_end.set()
    patient = Computed(patience_s=10, kept_s=1.0)
    held = patient.get("key", 0.0, lambda: lambda: 7)
    may_end.clear()
    patient._patience_s = 0.01
    assert patient.get("key", 9.0, lambda: lambda: int(may_end.wait(10))) is held
    may_end.set()


def test_a_failure_is_told_once_to_whoever_asked() -> None:
    computed = Computed(patience_s=60)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        computed.get("key", 0.0, lambda: fail)
    again = computed.get("key", 0.0, lambda: lambda: 1)
    assert again is not None
    assert again.value == 1


def test_what_can_not_be_prepared_stops_nobody_else() -> None:
    computed = Computed(patience_s=60)

    def prepare() -> Callable[[], int]:
        raise ValueError("no store")

    with pytest.raises(ValueError, match="no store"):
        computed.get("key", 0.0, prepare)
    assert computed.get("other", 0.0, lambda: lambda: 1) is not None
