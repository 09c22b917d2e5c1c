"""Serving: signed snapshots, the champion that a worker scores with, and the models topic as a person reads it."""
