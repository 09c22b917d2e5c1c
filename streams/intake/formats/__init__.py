"""The file formats that Weir reads, one module each; `registry.py` lists them."""
