from __future__ import annotations

import signal
import threading

import pytest

from weir.signals import held_back


def test_a_signal_is_raised_when_the_bad_moment_is_over_and_its_handler_is_back() -> None:
    done = []
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def work() -> None:
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            done.append("the rest")

    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert done == ["the rest"]
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_nothing_is_held_back_in_another_thread() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with held_back():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
