"""The hot functions, each for itself."""
