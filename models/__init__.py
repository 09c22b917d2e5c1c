"""Online models, their features, snapshots and the gate before they may decide. Knows no Kafka."""
