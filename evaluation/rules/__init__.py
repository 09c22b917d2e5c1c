"""How well rules do on data that others recorded: `python -m evaluation.rules`."""
