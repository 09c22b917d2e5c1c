"""Weir: what all parts share (contracts, topics, settings, metrics), and what people run (the command line)."""

__version__ = "0.1.0"
