"""Folds events into sessions, with plain functions that take the time as an argument."""

from streams.compiled.loader import install

# The compiled modules, if they are built, must be installed before any module of this package is imported.
install()
