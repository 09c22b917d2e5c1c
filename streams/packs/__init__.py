"""Packs of patterns as the rules topic carries them: their versions, which is in force, and how to publish one."""
