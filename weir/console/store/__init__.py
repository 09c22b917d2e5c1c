"""The console's read model: an embedded SQLite database that follows the topics.

`schema.py` declares the tables; `sessions.py`, `people.py`, `events.py` and `limits.py` write one record each;
`follow.py` reads the topics and commits records together with the positions; `bounds.py` removes old rows;
`search.py`, `sessions_read.py` and `totals.py` ask.
"""
