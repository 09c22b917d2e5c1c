"""The last word: allow-lists, thresholds and ceilings in YAML."""
