"""Traffic with abuse in it, the truth about it, and the demo that shows Weir at work on it."""
