"""Backfill: processes a range of the events topic once more, in the order of time, into topics of its own."""
