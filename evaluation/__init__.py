"""How well rules and models do on data that others recorded: `make evaluate`."""
