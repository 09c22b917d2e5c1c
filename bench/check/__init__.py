"""Whether what a contestant published is right."""
