"""Packs of patterns, compiled into one RE2 set per field."""
