"""What the models reach: progressively, each example predicted before it is learned, from seeds."""
