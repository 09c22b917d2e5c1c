"""The network between workers and brokers is slow, is cut, and is half there."""

from __future__ import annotations

from tests.chaos.faults.place import Stricken


class OfNetwork(Stricken):
    """Family `network`."""

    def delay(self) -> str:
        """The network takes its time."""
        delay_s = self.randomness.uniform(0.02, 0.2)
        for proxy in self.proxies:
            proxy.delay_s = delay_s
        self._last(5.0)
        for proxy in self.proxies:
            proxy.delay_s = 0.0
        return f"{delay_s:.2f} s"

    def cut(self) -> str:
        """Every connection is reset, several times."""
        times = self.randomness.randint(1, 5)
        for _ in range(times):
            for proxy in self.proxies:
                proxy.cut()
            self._last(self.randomness.uniform(0.2, 1.5))
        return f"{times} times"

    def half_open(self) -> str:
        """Connections stand and carry nothing, for longer than a member may be silent."""
        silent_s = self.settings.session_timeout_s + self.randomness.uniform(0.0, 3.0)
        for proxy in self.proxies:
            proxy.hold(holding=True)
        self._last(silent_s)
        for proxy in self.proxies:
            proxy.hold(holding=False)
        return f"{silent_s:.1f} s"
