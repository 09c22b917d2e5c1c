"""The cascade's verdicts and stages."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["allow", "review", "throttle", "block"]
"""Verdicts in rising severity."""
Stage = Literal["rate_limit", "heuristics", "model", "people", "business_rule"]
"""Stages in the order in which they judge a session."""
