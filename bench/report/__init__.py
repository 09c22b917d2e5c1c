"""What a run says to whoever reads it."""
