"""The demo: generated traffic with abuse, its true labels, and a run of Weir on it."""
