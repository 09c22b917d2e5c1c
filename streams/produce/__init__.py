"""Events from files to Kafka, and the word that nothing more will come."""
