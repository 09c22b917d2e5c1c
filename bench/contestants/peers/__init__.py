"""The Python peers' programs, each for an environment of its own: nothing here imports Weir."""
