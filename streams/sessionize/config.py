"""All settings that decide how events fold into sessions. The state contains them, so that a replay gives the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from rules.limits.assets import Assets
from rules.limits.budgets import Budget, Budgets
from rules.limits.distinct import DistinctLimit
from weir.networks import AddressRules, Network
from weir.settings import Settings

FOLD_VERSION = 1
"""Increased when the same input would fold differently. A worker replays no input that another version folded."""


class Versioned(Protocol):
    """An object with the versions of its packs, such as `rules.heuristics.patterns.Patterns`."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Pack to version."""


class FoldConfig(msgspec.Struct, frozen=True):
    """The settings that determine the fold of a partition's input."""

    gap_s: float = 1_800.0
    """Greatest gap between events of one session."""
    grace_s: float = 300.0
    """How long a session stays open after its gap."""
    idle_timeout_s: float = 60.0
    """Silence after which an idle watermark advances the partition's time."""
    max_ahead_s: float = 300.0
    """Events further ahead of their append time are clamped to it."""
    max_record_bytes: int = 1_000_000
    """Larger events become dead letters."""
    max_session_events: int = 10_000
    """The next event opens a new session."""
    max_session_s: float = 86_400.0
    """An event that would make a session longer opens a new one."""
    max_fingerprints: int = 20_000
    """Fingerprints stored for each visitor to detect duplicates."""
    visitor_budgets: tuple[Budget, ...] = ()
    """Budgets of a visitor."""
    address_budgets: tuple[Budget, ...] = ()
    """Budgets of an address, over all visitors; they decide only the sums."""
    account_budgets: tuple[Budget, ...] = ()
    """Budgets of an account; they decide only the sums."""
    distinct_limits: tuple[DistinctLimit, ...] = ()
    """Limits on the number of distinct values of an address or account; they decide only the sums."""
    networks: tuple[Network, ...] = ()
    """Networks with rules of their own, such as trusted ones without budgets."""
    address_rules: AddressRules = AddressRules()
    """Rules for all other addresses."""
    packs: dict[str, str] = {}
    """Packs of patterns and their versions."""
    fold_version: int = FOLD_VERSION
    """Version of the code that folds."""
    assets: Assets | None = None
    """What counts as an asset. None in states of older versions, in which assets had no cost of their own."""
    measures_posts: bool = False
    """Whether logins, forms and POSTs are measured. False in states of older versions."""

    @classmethod
    def from_settings(cls, settings: Settings, budgets: Budgets, patterns: Versioned) -> FoldConfig:
        """The configuration from a deployment's settings, budgets and packs."""
        return cls(
            gap_s=settings.gap_s,
            grace_s=settings.grace_s,
            idle_timeout_s=settings.idle_timeout_s,
            max_ahead_s=settings.max_ahead_s,
            max_record_bytes=settings.max_record_bytes,
            max_session_events=settings.max_session_events,
            max_session_s=settings.max_session_s,
            max_fingerprints=settings.max_fingerprints,
            visitor_budgets=tuple(budgets.visitor),
            address_budgets=tuple(budgets.address),
            account_budgets=tuple(budgets.account),
            distinct_limits=tuple(budgets.distinct),
            networks=tuple(budgets.networks),
            address_rules=budgets.addresses,
            packs=dict(patterns.versions),
            assets=budgets.assets,
            measures_posts=True,
        )
