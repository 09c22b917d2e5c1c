"""The Delta tables and their columns, derived from the contracts; and code that writes and reads the tables."""
