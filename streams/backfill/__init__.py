"""Backfill: a stretch of the events topic again, in the order of time, into topics of its own."""
