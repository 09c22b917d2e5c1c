"""Sends events from files to Kafka, declares the end of input, and sends dead letters again."""
