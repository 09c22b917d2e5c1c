"""Workflows: graphs of steps that read and write files, run on this machine or in containers."""
