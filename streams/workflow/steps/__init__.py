"""Steps of the workflow `retrain`: each is a program for `python -m` that reads and writes files."""
