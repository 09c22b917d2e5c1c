"""The gate: whether a candidate may replace the champion, and how far its rollout has come."""
