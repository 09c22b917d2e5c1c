"""Texts that people and ordinary sites send, composed by this project: no pattern may hold them for an attack."""
