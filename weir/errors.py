"""Errors with a message and a hint for the user.

WeirError                 one sentence and what to do; never a stack trace
├── UsageError            the call was wrong: exit code 2
│   └── SettingsError     a setting is missing or out of bounds
└── WorkError             the work failed: exit code 1
    ├── ClusterError      broker not there, topic missing or of another shape
    ├── LostInputError    the input that the state needs is gone: the worker must stop
    ├── FencedError       another owner took the partition over: drop its memory, and join the group again
    └── SnapshotError     a model snapshot that can't be verified or read
"""

from __future__ import annotations


class WeirError(Exception):
    """An error for the user: `message` says what is wrong, `hint` what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(WeirError):
    """The call was wrong, and had no effect."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is missing, of the wrong type or out of its bounds."""


class WorkError(WeirError):
    """The call was right and the work failed."""


class ClusterError(WorkError):
    """The Kafka cluster is unreachable, or differs from the catalogue."""


class LostInputError(WorkError):
    """Input that the state still needs is lost (retention, or a topic created again); continuing would lose events."""


class FencedError(WorkError):
    """Another owner took the partition over, or a transaction timed out: the partition's memory must be dropped."""


class SnapshotError(WorkError):
    """A model snapshot that can't be verified, is of another version, or doesn't decode."""
