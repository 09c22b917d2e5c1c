"""Judges each published session: features, champion, cascade, flag."""
