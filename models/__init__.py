"""Online models, their features, their training and the gate that they pass before they decide. Knows no Kafka."""
