"""Workflows: graphs of steps, each a command that reads files and writes files, run here or in containers."""
