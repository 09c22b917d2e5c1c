"""Folds events into sessions: plain functions over plain values, with time passed in."""
