"""Weir beside its peers, measured on real Kafka: `python -m bench`, by `make bench`."""
