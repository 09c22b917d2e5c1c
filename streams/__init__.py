"""What happens to an event, folder by folder: intake, sessionize, score, join, train; driven by engine or replay."""
