"""Layouts of server logs: kinds of columns, parsers of lines, and the events made of them."""
