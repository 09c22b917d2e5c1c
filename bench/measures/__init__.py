"""Measurements of running workers and of the console: memory, latency, recovery, restarts, pages, tables."""
