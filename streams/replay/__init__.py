"""The whole path in memory, without Kafka: the same tasks, driven from a file."""
