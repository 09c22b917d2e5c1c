"""Scores and judges each published session, and writes scores, flags, reviews and weak labels."""
