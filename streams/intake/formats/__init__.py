"""Files that Weir reads: one module a format, all of them listed in `registry.py`."""
