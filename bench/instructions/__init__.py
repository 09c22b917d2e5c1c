"""Instructions per event of the fold, compared with a committed baseline."""
