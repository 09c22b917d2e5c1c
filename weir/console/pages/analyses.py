"""Named queries over the tables, for analysts: the list, and each one's charts, rows and SQL."""

from __future__ import annotations

import shlex

from starlette.responses import Response
from starlette.routing import BaseRoute

from weir.console.analyses import KEPT_S, BusyError
from weir.console.analysis_charts import AnalysisChart, charts_of
from weir.console.context import Console
from weir.console.pages.shared import Visit, as_csv, as_json, page, render
from weir.console.table_query import QueryResult
from weir.errors import UsageError, WeirError, WorkError
from weir.tables.queries import NamedQuery, named_queries, named_query

SHOWN = 200
"""Most rows of the page's table; the CSV has all kept rows."""
REFRESH_S = 2
BUSY_REFRESH_S = 5


def analyses(console: Console, visit: Visit) -> Response:
    """The list of named queries."""
    if visit.wants_json:
        return as_json([{"name": one.name, "title": one.title, "answers": one.answers} for one in named_queries()])
    return render(console, visit, "analyses.html", queries=named_queries(), problem=_problem(console))


def analysis(console: Console, visit: Visit) -> Response:
    """One query with its result."""
    try:
        query = named_query(visit.request.path_params["name"])
    except UsageError as error:
        if visit.wants_json:
            raise
        hint = "The page of analyses lists all of them."
        return render(console, visit, "error.html", 404, title=error.message, hint=hint)
    if visit.wants_json or visit.query.get("format") == "csv":
        return _as_file(console, visit, query)
    result: QueryResult | None = None
    charts: list[AnalysisChart] = []
    at_s: float | None = None
    problem: WeirError | None = None
    try:
        kept = console.analyses.get(query)
        if kept is not None and kept.result is not None:
            at_s, result = kept.at_s, kept.result
            charts = charts_of(query.name, result.columns, result.rows)
    except WeirError as error:
        problem = error
    is_busy = isinstance(problem, BusyError)
    is_waiting = result is None and problem is None
    return render(
        console,
        visit,
        "analysis.html",
        503 if is_busy else 200,
        query=query,
        result=result,
        at_s=at_s,
        charts=charts,
        problem=problem,
        is_waiting=is_waiting,
        refresh_s=BUSY_REFRESH_S if is_busy else REFRESH_S if is_waiting else 0,
        numeric=_numeric(result) if result is not None else (),
        shown=SHOWN,
        kept_s=KEPT_S,
        command=shlex.join(["weir", "query", query.name]),
    )


def _as_file(console: Console, visit: Visit, query: NamedQuery) -> Response:
    """All kept rows as CSV; 503 while the query runs, since a waiting request would hold a thread of the pages."""
    kept = console.analyses.get(query)
    if kept is None or kept.result is None:
        raise WorkError(f"The query {query.name} still runs.", "Try again in a moment.")
    result = kept.result
    if visit.wants_json:
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        return as_json({"name": query.name, "at": kept.at_s, "rows": rows, "is_cut": result.is_cut})
    return as_csv([result.columns, *result.rows], f"{query.name}.csv")


def _numeric(result: QueryResult) -> list[bool]:
    """For each column, whether it has numbers, which are aligned to the right."""
    return [
        any(isinstance(value, int | float) and not isinstance(value, bool) for value in column)
        for column in zip(*result.rows[:SHOWN], strict=True)
    ] or [False] * len(result.columns)


def _problem(console: Console) -> WeirError | None:
    """The reason for which no query can run here, without a check of the tables; None if queries can run."""
    try:
        console.analyses.check()
    except UsageError as error:
        return error
    return None


ROUTES: tuple[BaseRoute, ...] = (
    page("/analyses", analyses),
    page("/analyses/{name}", analysis),
)
