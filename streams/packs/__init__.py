"""Packs of patterns on the rules topic: their versions, the version in force, and how to publish one."""
