"""Runs named queries over the tables: a few at once, each once for all requests; results are kept for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from weir.console.table_query import QueryResult, check_tables, run_query
from weir.errors import WeirError, WorkError
from weir.tables.queries import NamedQuery

log = logging.getLogger("weir.console")
MOST_AT_ONCE = 2
"""Most queries at once, since each takes processor time from the console's pages."""
KEPT_S = 60.0
"""Seconds for which a result is kept; by default a table changes every 30 s."""
FAILURE_KEPT_S = 10.0
"""Seconds for which a failure is kept, so that reloading a page does not run a failing query without a pause."""
PATIENCE_S = 1.5
"""Seconds for which a request of a page waits for a result."""


@dataclass(frozen=True, slots=True)
class KeptResult:
    """The outcome of one run of a query: a result or an error."""

    at_s: float
    result: QueryResult | None
    error: WeirError | None


class BusyError(WorkError):
    """Too many queries run already."""


Run = Callable[[str, str], QueryResult]


class Analyses:
    """Runs queries on separate threads, each once for all requests; any thread may call it.

    Args:
        table_uri: folder or object store of the tables; None if the setting is not set.
        run: runs a statement over the tables in `table_uri`.
        clock: returns the time in seconds since 1970.
        patience_s: how long a request waits for a result unless it passes another time.
    """

    def __init__(
        self,
        table_uri: str | None,
        run: Run | None = None,
        clock: Callable[[], float] = time.time,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._table_uri = table_uri
        self._run = run or run_query
        self._clock = clock
        self._patience_s = patience_s
        self._kept: dict[str, KeptResult] = {}
        self._running: set[str] = set()
        self._changed = threading.Condition()

    def check(self) -> None:
        """Checks whether queries can run here.

        Raises:
            UsageError: the setting `table_uri` or a package is missing.
        """
        check_tables(self._table_uri)

    def get(self, query: NamedQuery, patience_s: float | None = None) -> KeptResult | None:
        """The kept result of a query, or a new result.

        Args:
            query: the query to run.
            patience_s: how long to wait for a new result.

        Returns:
            The result; None while the query still runs.

        Raises:
            BusyError: `MOST_AT_ONCE` other queries run.
            WeirError: the query failed, or can't run here.
        """
        root, name = check_tables(self._table_uri), query.name
        with self._changed:
            self._forget()
            if name not in self._kept and name not in self._running:
                if len(self._running) >= MOST_AT_ONCE:
                    raise BusyError(f"{MOST_AT_ONCE} other analyses are running.", "Try again in a moment.")
                self._running.add(name)
                threading.Thread(
                    target=self._work, args=(root, query), name="weir-console-analysis", daemon=True
                ).start()
            wait_s = self._patience_s if patience_s is None else patience_s
            self._changed.wait_for(lambda: name not in self._running, wait_s)
            found = self._kept.get(name)
        if found is not None and found.error is not None:
            raise found.error
        return found

    def _forget(self) -> None:
        now_s = self._clock()
        for name, kept in list(self._kept.items()):
            keep_s = KEPT_S if kept.error is None else FAILURE_KEPT_S
            if not 0 <= now_s - kept.at_s < keep_s:
                del self._kept[name]

    def _work(self, root: str, query: NamedQuery) -> None:
        result: QueryResult | None = None
        error: WeirError | None = None
        try:
            result = self._run(root, query.sql)
        except WeirError as known:
            error = known
        except Exception:
            log.exception("the analysis %s failed", query.name)
            error = WorkError(f"The query {query.name} failed.", "The console's log has the details.")
        with self._changed:
            self._running.discard(query.name)
            self._kept[query.name] = KeptResult(self._clock(), result, error)
            self._changed.notify_all()
