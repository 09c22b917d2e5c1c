"""What can't be measured here, and why: the report says so instead of leaving it out."""

from __future__ import annotations


class UnavailableError(Exception):
    """Something can't be had on this machine; its message is the reason, for the report."""
