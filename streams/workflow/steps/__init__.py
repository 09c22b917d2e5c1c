"""Steps of the workflow `retrain`: each reads files and writes files, and runs by `python -m`."""
