"""Everything that decides how events fold into sessions; recorded in the state, for folding again to give the same."""

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
"""Raised when the same input would fold differently; a worker folds no stretch again that another version began."""


class Versioned(Protocol):
    """Whatever knows the versions of its packs: `rules.heuristics.patterns.Patterns`."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Pack to version."""


class FoldConfig(msgspec.Struct, frozen=True):
    """What a fold of a partition is determined by, beside its input."""

    gap_s: float = 1_800.0
    """Events at most this far apart belong together."""
    grace_s: float = 300.0
    """How long a session stays open behind the gap."""
    idle_timeout_s: float = 60.0
    """Silence after which the watermark is moved by the time that has passed."""
    max_ahead_s: float = 300.0
    """Events further ahead of their append time are clamped to it."""
    max_record_bytes: int = 1_000_000
    """Larger events are refused."""
    max_session_events: int = 10_000
    """The next event opens a new session."""
    max_session_s: float = 86_400.0
    """An event that would make a session longer opens a new one."""
    max_fingerprints: int = 20_000
    """Events remembered per visitor to tell duplicates."""
    visitor_budgets: tuple[Budget, ...] = ()
    """What a visitor may spend."""
    address_budgets: tuple[Budget, ...] = ()
    """What an address may spend, over all visitors: decides the sums alone."""
    account_budgets: tuple[Budget, ...] = ()
    """What an account may spend, likewise."""
    distinct_limits: tuple[DistinctLimit, ...] = ()
    """How many different ones a subject may have, likewise."""
    networks: tuple[Network, ...] = ()
    """Addresses of which some have no budgets, nor have visitors there."""
    address_rules: AddressRules = AddressRules()
    """How other addresses are charged."""
    packs: dict[str, str] = {}
    """Packs of patterns and their versions."""
    fold_version: int = FOLD_VERSION
    """Version of the code that folds."""
    assets: Assets | None = None
    """What counts as an asset. None in states of before assets had a cost: `asset` is a type of events like others."""
    measures_posts: bool = False
    """Whether logins, forms and POSTs are measured. False in states of before they were."""

    @classmethod
    def from_settings(cls, settings: Settings, budgets: Budgets, patterns: Versioned) -> FoldConfig:
        """The configuration that a deployment's settings, budgets and packs make up."""
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
