"""Runs the stages' tasks in memory on a file, without Kafka."""
