"""Weir: the modules that all parts share (contracts, topics, settings, metrics), the command line and the console."""

__version__ = "0.1.0"
