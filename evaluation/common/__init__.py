"""Shared code of the evaluations of rules and models: results, their page, the command, and public data sets."""
