"""All access to Kafka outside the engine: records, readers, a sender, followers, administration.

`records.py` has plain values and imports no client, so that the steps can import it.
"""
