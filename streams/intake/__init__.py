"""Reads files and turns their lines into valid events or dead letters."""
