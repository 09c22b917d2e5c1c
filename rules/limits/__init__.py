"""Token buckets in event time, per visitor and per address."""
