"""The words in which the cascade speaks."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["allow", "review", "throttle", "block"]
"""In rising strength."""
Stage = Literal["rate_limit", "heuristics", "model", "people", "business_rule"]
"""In the order in which they speak."""
