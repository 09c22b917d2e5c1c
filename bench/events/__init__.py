"""The log that every contestant reads."""
