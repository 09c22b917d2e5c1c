"""The console's pages: each module has the functions of one part of it, and the table of their addresses."""
