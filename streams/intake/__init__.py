"""From bytes and files to valid events, or to a dead letter with its reason."""
