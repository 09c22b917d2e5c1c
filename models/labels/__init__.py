"""Labels: how much a source's labels count, which sessions are sampled for review, and how much abuse is found."""
