"""Shared by all writers of the store: the connection, texts that are stored once, and counters."""

from __future__ import annotations

import sqlite3
from collections import Counter, OrderedDict
from urllib.parse import urlsplit

LONGEST_TEXT = 200
"""Most characters of a user agent or a path that a search can find."""
REMEMBERED_TEXTS = 20_000
MOST_TEXTS = 200_000
"""User agents and paths that can be searched for by a part; later ones are found by the session's other fields."""
MINUTE_S = 60
PIECE_S = 5


class Tables:
    """The writing connection with its counters; counters reach the tables by `write_counts`, once a commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection
        self._texts: OrderedDict[str, int | None] = OrderedDict()
        self._number_of_texts: int = connection.execute("SELECT count(*) FROM texts").fetchone()[0]
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._recent: Counter[tuple[str, str, int]] = Counter()
        self._facets: Counter[tuple[str, str]] = Counter()

    def count(self, kind: str, value: str, at_s: float, by: int = 1) -> None:
        """Counts something at a moment."""
        self._counts[kind, value, int(at_s // MINUTE_S)] += by
        self._recent[kind, value, int(at_s // PIECE_S)] += by

    def shift(self, kind: str, before: str, after: str) -> None:
        """Moves one thing from one facet value to another; an empty value is none."""
        if before != after:
            if before:
                self._facets[kind, before] -= 1
            if after:
                self._facets[kind, after] += 1

    def write_counts(self) -> None:
        """Adds the new counts to the tables."""
        self.db.executemany(
            "INSERT INTO counts (kind, value, minute, number) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET number = number + excluded.number",
            [(*key, number) for key, number in self._counts.items()],
        )
        self.db.executemany(
            "INSERT INTO recent (kind, value, piece, number) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET number = number + excluded.number",
            [(*key, number) for key, number in self._recent.items()],
        )
        self.db.executemany(
            "INSERT INTO facets (kind, value, number) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET number = number + excluded.number",
            [(*key, number) for key, number in self._facets.items() if number],
        )
        self._counts.clear()
        self._recent.clear()
        self._facets.clear()

    def discard_counts(self) -> None:
        """Drops the new counts, after their transaction was rolled back."""
        self._counts.clear()
        self._recent.clear()
        self._facets.clear()
        self._texts.clear()

    def text(self, text: str | None) -> int | None:
        """The id of a text; None without a text, or if there are too many texts."""
        if not text:
            return None
        text = text[:LONGEST_TEXT]
        if text in self._texts:
            self._texts.move_to_end(text)
            return self._texts[text]
        found = self.db.execute("SELECT id FROM texts WHERE text = ?", (text,)).fetchone()
        number = found[0] if found else self._add(text)
        self._texts[text] = number
        if len(self._texts) > REMEMBERED_TEXTS:
            self._texts.popitem(last=False)
        return number

    def path(self, url: str | None) -> int | None:
        """The id of a URL's path; queries are left out, since they differ too much."""
        if not url:
            return None
        try:
            return self.text(urlsplit(url).path or "/")
        except ValueError:  # no URL by its rules, such as half an IPv6 address
            return self.text(url.partition("?")[0])

    def _add(self, text: str) -> int | None:
        if self._number_of_texts >= MOST_TEXTS:
            return None
        number = self.db.execute("INSERT INTO texts (text) VALUES (?)", (text,)).lastrowid
        self.db.execute("INSERT INTO texts_found (rowid, text) VALUES (?, ?)", (number, text))
        self._number_of_texts += 1
        return number
