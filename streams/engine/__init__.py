"""The micro-batch engine on Faust: one Kafka transaction a flush, state and position in it."""
