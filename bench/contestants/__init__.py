"""Who is measured, and how each is started."""
