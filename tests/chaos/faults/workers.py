"""Workers die, at any moment and at chosen ones, stand still, end, and run out of memory."""

from __future__ import annotations

import resource
import signal

import psutil

from tests.chaos.faults.place import END_TIMEOUT_S, STRIKE_TIMEOUT_S, LeftOutError, Stricken
from tests.chaos.orders import POINTS

MEMORY_TIMEOUT_S = 15.0
MOST_KILLED = 3


class OfWorkers(Stricken):
    """Family `workers`."""

    def kill(self) -> str:
        """SIGKILL, whatever the worker is doing."""
        return self._kill().name

    def kill_again_while_it_recovers(self) -> str:
        """SIGKILL of one, and of each of the next few within moments of their start."""
        killed = []
        for _ in range(3):
            killed.append(self._kill().name)
            self._last(self.randomness.uniform(0.5, 4.0))
        return ", ".join(killed)

    def kill_amid_a_flush(self) -> str:
        """SIGKILL when half of a flush lies in the log."""
        return self._die_at("amid_sending")

    def kill_before_the_commit(self) -> str:
        """SIGKILL when all of a flush lies in the log."""
        return self._die_at("before_commit")

    def kill_amid_the_commit(self) -> str:
        """SIGKILL within milliseconds of the call that commits."""
        return self._die_at("amid_commit")

    def kill_before_the_acknowledgement(self) -> str:
        """SIGKILL between a commit and its acknowledgement."""
        return self._die_at("after_commit")

    def kill_after_the_fence(self) -> str:
        """SIGKILL of one, and of whoever takes over, as soon as the last owner is fenced."""
        return self._die_in_recovery_at("after_fence")

    def kill_after_the_marker(self) -> str:
        """Likewise, as soon as the marker is committed."""
        return self._die_in_recovery_at("after_marker")

    def kill_amid_the_fold(self) -> str:
        """Likewise, while the rest since the checkpoint is folded again."""
        return self._die_in_recovery_at("amid_fold")

    def kill_while_it_hands_over(self) -> str:
        """SIGTERM, and SIGKILL in front of the last checkpoint."""
        self.fleet.orders.give("amid_hand_over")
        self._some().send(signal.SIGTERM)
        return self._struck("amid_hand_over")

    def pause_past_the_session(self) -> str:
        """SIGSTOP until the group has given the partitions to others, then SIGCONT: a zombie wakes up."""
        member = self._some()
        member.send(signal.SIGSTOP)
        self._last(self.settings.session_timeout_s + self.randomness.uniform(1.0, 4.0))
        member.send(signal.SIGCONT)
        return member.name

    def terminate(self) -> str:
        """SIGTERM, under load."""
        member = self._some()
        member.send(signal.SIGTERM)
        return member.name

    def memory_pressure(self) -> str:
        """A worker is given no more memory than it has: the next piece that it asks for is refused."""
        if not hasattr(resource, "prlimit"):
            raise LeftOutError("only Linux lets one limit the memory of a process that runs")
        member = self._some()
        pid = member.process.pid
        # It wakes up to more work than it had, before the group has missed it: that takes memory.
        member.send(signal.SIGSTOP)
        self._last(self.randomness.uniform(0.3, 0.7) * self.settings.session_timeout_s)
        try:
            # Not the address space, most of which is only reserved: what may be written to.
            _, most = resource.prlimit(pid, resource.RLIMIT_DATA)
            has = psutil.Process(pid).memory_info().data
            resource.prlimit(pid, resource.RLIMIT_DATA, (has, most))
        except (ProcessLookupError, psutil.NoSuchProcess):
            return f"{member.name} was dying already, of the fault before"
        member.send(signal.SIGCONT)
        if self._until(lambda: member.process.poll() is not None, MEMORY_TIMEOUT_S):
            return f"{member.name}, held at {has >> 20} MiB, ended with code {member.process.returncode}"
        resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))
        member.send(signal.SIGKILL)
        return f"{member.name} lived on in {has >> 20} MiB for {MEMORY_TIMEOUT_S:.0f} s, and was killed"

    def _die_in_recovery_at(self, point: str) -> str:
        self.fleet.orders.give(point)
        for _ in range(MOST_KILLED):
            # Something has to have been worked on since the last checkpoint, or there is nothing to fold again.
            self._last(self.randomness.uniform(0.5, 1.5))
            self._kill()
            if self._until(lambda: not self.fleet.orders.is_given, STRIKE_TIMEOUT_S / MOST_KILLED):
                break
        return self._struck(point, 0.0)

    def _die_at(self, point: str) -> str:
        self.fleet.orders.give(point)
        return self._struck(point)

    def _struck(self, point: str, timeout_s: float = STRIKE_TIMEOUT_S) -> str:
        orders = self.fleet.orders
        if not self._until(lambda: not orders.is_given, timeout_s) and orders.withdraw():
            raise LeftOutError(f"no worker came to where {POINTS[point]} within {STRIKE_TIMEOUT_S:.0f} s")
        # Whoever took the order has a last thing to do; only then it is gone.
        self._until(lambda: not orders.is_dying, END_TIMEOUT_S)
        return POINTS[point]
