"""The one room that speaks to Kafka outside the engine: records, readers, a sender, followers, administration.

`records.py` holds plain values and imports no client, so that the steps can name them.
"""
