"""Joins labels with the features of their sessions as they were scored."""
