"""The tables of the console's store, and how a connection to them is opened."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

VERSION = "2"
"""Version of the schema; a store of another version is rebuilt from the topics."""
FILE = "console.sqlite"

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

-- User agents and paths, each once, and how many sessions began with it: what a search for a part of a text looks at.
CREATE TABLE IF NOT EXISTS texts (
  id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, uses INTEGER NOT NULL DEFAULT 0
);
CREATE VIRTUAL TABLE IF NOT EXISTS texts_found USING fts5(
  text, content='texts', content_rowid='id', tokenize='trigram', detail='none');

CREATE TABLE IF NOT EXISTS visitors (
  visitor TEXT PRIMARY KEY, first_s REAL NOT NULL, last_s REAL NOT NULL, sessions INTEGER NOT NULL DEFAULT 0,
  flags INTEGER NOT NULL DEFAULT 0, verdict TEXT NOT NULL DEFAULT '', stage TEXT NOT NULL DEFAULT '',
  flagged_s REAL, until_s REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visitors_flagged ON visitors (flagged_s) WHERE flagged_s IS NOT NULL;
CREATE INDEX IF NOT EXISTS visitors_last ON visitors (last_s);

CREATE TABLE IF NOT EXISTS sessions (
  n INTEGER PRIMARY KEY, session_id TEXT NOT NULL UNIQUE, visitor TEXT NOT NULL,
  start_s REAL NOT NULL, end_s REAL NOT NULL, seen_s REAL NOT NULL,
  revision INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'open', events INTEGER NOT NULL DEFAULT 0,
  verdict TEXT NOT NULL DEFAULT '', stage TEXT NOT NULL DEFAULT '', flagged_s REAL,
  score REAL, model TEXT, unusual REAL, address TEXT, account TEXT, agent INTEGER, path INTEGER,
  answered INTEGER NOT NULL DEFAULT 0, body BLOB
);
CREATE INDEX IF NOT EXISTS sessions_visitor ON sessions (visitor, end_s);
CREATE INDEX IF NOT EXISTS sessions_end ON sessions (end_s);
CREATE INDEX IF NOT EXISTS sessions_seen ON sessions (seen_s);
CREATE INDEX IF NOT EXISTS sessions_verdict ON sessions (verdict, end_s) WHERE verdict != '';
CREATE INDEX IF NOT EXISTS sessions_stage ON sessions (stage, end_s) WHERE stage != '';
CREATE INDEX IF NOT EXISTS sessions_address ON sessions (address, end_s) WHERE address IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_account ON sessions (account, end_s) WHERE account IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_agent ON sessions (agent, end_s) WHERE agent IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_path ON sessions (path, end_s) WHERE path IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_open ON sessions (end_s) WHERE state = 'open';

-- What is known of each revision; bodies of revisions that no flag names are dropped.
CREATE TABLE IF NOT EXISTS revisions (
  session_id TEXT NOT NULL, revision INTEGER NOT NULL, told_s REAL NOT NULL, ts REAL, events INTEGER,
  score REAL, model TEXT, verdict TEXT, stage TEXT, rules TEXT, unusual REAL, body BLOB,
  PRIMARY KEY (session_id, revision)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flags (
  flag_id TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, session_id TEXT NOT NULL,
  visitor TEXT NOT NULL, revision INTEGER NOT NULL, ts REAL NOT NULL, told_s REAL NOT NULL, verdict TEXT NOT NULL,
  stage TEXT NOT NULL, score REAL, reason TEXT NOT NULL, why TEXT NOT NULL, more INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (partition, offset)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS flags_session ON flags (session_id, told_s);
CREATE INDEX IF NOT EXISTS flags_visitor ON flags (visitor, told_s);
CREATE INDEX IF NOT EXISTS flags_told ON flags (told_s);
CREATE INDEX IF NOT EXISTS flags_id ON flags (flag_id);
CREATE TABLE IF NOT EXISTS reasons (
  reason TEXT NOT NULL, session_id TEXT NOT NULL, end_s REAL NOT NULL, PRIMARY KEY (reason, session_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reasons_end ON reasons (reason, end_s);
CREATE INDEX IF NOT EXISTS reasons_session ON reasons (session_id);

CREATE TABLE IF NOT EXISTS events (
  n INTEGER PRIMARY KEY, visitor TEXT NOT NULL, event_id TEXT NOT NULL, ts REAL NOT NULL, told_s REAL NOT NULL,
  type TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, kept INTEGER NOT NULL DEFAULT 0, body BLOB
);
CREATE INDEX IF NOT EXISTS events_visitor ON events (visitor, ts);
CREATE INDEX IF NOT EXISTS events_id ON events (event_id);
CREATE TABLE IF NOT EXISTS late (
  partition INTEGER NOT NULL, offset INTEGER NOT NULL, told_s REAL NOT NULL, visitor TEXT NOT NULL,
  event_id TEXT NOT NULL, ts REAL NOT NULL, body BLOB, PRIMARY KEY (partition, offset)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS late_visitor ON late (visitor);
CREATE INDEX IF NOT EXISTS late_id ON late (event_id);
CREATE TABLE IF NOT EXISTS dead_letters (
  partition INTEGER NOT NULL, offset INTEGER NOT NULL, told_s REAL NOT NULL, reason TEXT NOT NULL,
  detail TEXT NOT NULL, origin TEXT NOT NULL, producer TEXT NOT NULL, visitor TEXT, event_id TEXT,
  size INTEGER NOT NULL, head BLOB NOT NULL, PRIMARY KEY (partition, offset)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dead_letters_reason ON dead_letters (reason, told_s);
CREATE INDEX IF NOT EXISTS dead_letters_visitor ON dead_letters (visitor) WHERE visitor IS NOT NULL;
CREATE INDEX IF NOT EXISTS dead_letters_event ON dead_letters (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS dead_letters_told ON dead_letters (told_s);

CREATE TABLE IF NOT EXISTS limits (
  subject TEXT NOT NULL, kind TEXT NOT NULL, limit_id TEXT NOT NULL, told_s REAL NOT NULL, until_s REAL NOT NULL,
  observed REAL NOT NULL, window_s REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (subject, kind, limit_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS limits_told ON limits (told_s);

CREATE TABLE IF NOT EXISTS labels (
  partition INTEGER NOT NULL, offset INTEGER NOT NULL, told_s REAL NOT NULL, visitor TEXT NOT NULL, session_id TEXT,
  ts REAL NOT NULL, label TEXT NOT NULL, category TEXT, source TEXT NOT NULL, weight REAL NOT NULL, action_id TEXT,
  PRIMARY KEY (partition, offset)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS labels_visitor ON labels (visitor, told_s);
CREATE INDEX IF NOT EXISTS labels_session ON labels (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS labels_published ON labels (told_s);
CREATE TABLE IF NOT EXISTS answers (visitor TEXT PRIMARY KEY, told_s REAL NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions (
  session_id TEXT PRIMARY KEY, visitor TEXT NOT NULL, ts REAL NOT NULL, told_s REAL NOT NULL, why TEXT NOT NULL,
  score REAL, doubt REAL NOT NULL, reasons TEXT NOT NULL, answered INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS questions_open ON questions (why, doubt, told_s) WHERE answered = 0;
CREATE INDEX IF NOT EXISTS questions_told ON questions (told_s);
CREATE TABLE IF NOT EXISTS actions (
  action_id TEXT PRIMARY KEY, at_s REAL NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL, why TEXT NOT NULL,
  session_id TEXT, visitor TEXT, label TEXT, category TEXT, undoes TEXT, undone INTEGER NOT NULL DEFAULT 0,
  rules TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS actions_at ON actions (at_s);
CREATE INDEX IF NOT EXISTS actions_who ON actions (who, at_s);
CREATE INDEX IF NOT EXISTS actions_session ON actions (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS actions_kind ON actions (kind, at_s);

-- Counted while writing: at a million sessions counting by GROUP BY takes seconds.
CREATE TABLE IF NOT EXISTS counts (
  kind TEXT NOT NULL, value TEXT NOT NULL, minute INTEGER NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (kind, minute, value)
) WITHOUT ROWID;
-- The same in pieces of five seconds, for the last half hour.
CREATE TABLE IF NOT EXISTS recent (
  kind TEXT NOT NULL, value TEXT NOT NULL, piece INTEGER NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (kind, piece, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facets (
  kind TEXT NOT NULL, value TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (kind, value)
) WITHOUT ROWID;
"""


def open_to_write(folder: Path) -> sqlite3.Connection:
    """The only connection that writes; it makes the file and the tables if they are missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
    # The file has visitors' addresses and texts, so no other user of the machine may read it.
    (folder / FILE).chmod(0o600)
    connection.execute("PRAGMA journal_mode = WAL")
    # Commits that a power failure loses are read from the topics again, so the store need not sync each commit.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -32768")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.executescript(TABLES)
    return connection


def open_to_read(folder: Path) -> sqlite3.Connection:
    """A connection that can't write; for one thread at a time.

    Raises:
        sqlite3.OperationalError: there is no store yet.
    """
    connection = sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA cache_size = -4096")
    connection.execute("PRAGMA query_only = ON")
    return connection


def packed(value: bytes) -> bytes:
    """A record's bytes, compressed for the store."""
    return zlib.compress(value, 1)


def unpacked(body: bytes) -> bytes:
    """The bytes of a compressed record."""
    return zlib.decompress(body)
