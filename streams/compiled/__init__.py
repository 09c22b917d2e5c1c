"""One source, two forms: the fold's hot modules run as plain Python, or compiled from the same files by Cython."""
