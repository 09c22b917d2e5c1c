"""Folds events into sessions: plain functions over plain values, with time passed in."""

from streams.compiled.loader import install

# Before any module of this package is imported: the compiled ones take their places, if they are built.
install()
