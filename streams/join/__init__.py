"""Pairs labels with the features as they were scored."""
