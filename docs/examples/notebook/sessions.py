"""From Weir's tables to a plot and a first model: `marimo edit sessions.py -- --table FOLDER`."""

import marimo

app = marimo.App(width="medium")

with app.setup:
    import marimo as mo
    import numpy as np
    from matplotlib.figure import Figure
    from session_baseline import interval, labelled_sessions, models, rows, split
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import average_precision_score

    from weir.errors import WeirError
    from weir.settings import load
    from weir.tables.queries import named_query
    from weir.tables.reading import connect

    DEFAULT_TABLE = "tables"
    VERDICTS = ("never flagged", "allow", "review", "throttle", "block")


@app.cell
def introduction():
    mo.md("""
    # From Weir's tables to a first model

    The tables are those that `--table FOLDER` names, otherwise those of the setting `table_uri` (`WEIR_TABLE_URI`),
    otherwise the folder `tables`. To make that folder from twelve made-up days of a shop:

    ```console
    $ python docs/examples/notebook/make_days.py days.jsonl
    $ weir replay days.jsonl --table tables
    ```

    The notebook only reads. It holds all sessions in memory: take tables of some days, not of a year.
    """)


@app.cell
def tables():
    root = str(mo.cli_args().get("table") or load().table_uri or DEFAULT_TABLE)
    connection, problem = None, ""
    try:
        connection = connect(root)
        sessions = rows(connection, "SELECT count(*) AS n FROM sessions WHERE merged_into IS NULL")["n"][0].as_py()
        if not sessions:
            problem = f"The table sessions in {root} is empty: no session has closed yet."
    except WeirError as error:
        sessions, problem = 0, str(error)
    mo.stop(bool(problem), mo.md(problem))
    mo.md(f"{sessions:,} sessions in `{root}`.")
    return connection, problem, root, sessions


@app.cell
def funnel(connection):
    funnel_query = named_query("funnel-by-day")
    by_day = rows(connection, funnel_query.sql)
    funnel_figure = Figure(figsize=(9, 3.5), layout="constrained")
    _axes = funnel_figure.subplots()
    _days = [f"{day:%d %b}" for day in by_day["day"].to_pylist()]
    for _step in ("sessions", "viewed", "carted", "purchased"):
        _axes.plot(_days, by_day[_step].to_pylist(), marker="o", label=_step)
    _axes.set(title="Funnel by day", ylabel="sessions", ylim=(0, None))
    _axes.tick_params(axis="x", rotation=45)
    _axes.legend()
    mo.vstack([mo.md(f"**{funnel_query.answers}** {funnel_query.reading}"), funnel_figure])
    return by_day, funnel_figure


@app.cell
def verdicts(connection):
    verdict_shares = rows(
        connection,
        """
        WITH newest AS (
            SELECT session_id, verdict
            FROM flags
            QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
        ),
        judged AS (
            SELECT day, coalesce(newest.verdict, 'never flagged') AS verdict, count(*) AS n
            FROM sessions LEFT JOIN newest USING (session_id)
            WHERE merged_into IS NULL
            GROUP BY ALL
        )
        SELECT day, verdict, n / sum(n) OVER (PARTITION BY day) AS share FROM judged ORDER BY day, verdict
        """,
    ).to_pylist()
    verdict_figure = Figure(figsize=(9, 3.5), layout="constrained")
    _axes = verdict_figure.subplots()
    _days = sorted({row["day"] for row in verdict_shares})
    _below = np.zeros(len(_days))
    for _verdict in VERDICTS:
        _share = {row["day"]: row["share"] for row in verdict_shares if row["verdict"] == _verdict}
        _heights = np.array([_share.get(day, 0.0) for day in _days])
        if _heights.any():
            _axes.bar([f"{day:%d %b}" for day in _days], _heights, bottom=_below, label=_verdict)
        _below += _heights
    _axes.set(title="Newest verdict of each session", ylabel="share of the day's sessions", ylim=(0, 1))
    _axes.tick_params(axis="x", rotation=45)
    verdict_figure.legend(loc="outside right upper")
    verdict_figure
    return verdict_figure, verdict_shares


@app.cell
def two_sides(connection):
    labelled = labelled_sessions(connection)
    earlier, later, too_few = None, None, ""
    try:
        earlier, later = split(labelled)
    except WeirError as error:
        too_few = f"There is no model: {error}"
    mo.stop(bool(too_few), mo.md(too_few))
    left_out = len(labelled.label) - len(earlier.label) - len(later.label)
    mo.md(f"""
    ## A first model

    The labels are {labelled.labels_are}. The model learns from the {len(earlier.label)} earlier sessions and is
    measured on {len(later.label)} later ones. No visitor is on both sides: {left_out} later sessions of visitors who
    had come before are left out. It sees {len(labelled.names)} measures of a session. Pattern hits and budgets are not
    among them, because they are what the cascade blocks by.
    """)
    return earlier, labelled, later, left_out, too_few


@app.cell
def measured(earlier, later):
    _present = np.isfinite(earlier.measures).any(axis=0)
    scores, precision = {}, []
    for _name, _model in models().items():
        _model.fit(earlier.measures[:, _present], earlier.label)
        scores[_name] = _model.predict_proba(later.measures[:, _present])[:, 1]
        _low, _high = interval(later.label, scores[_name], later.visitor)
        _value = float(average_precision_score(later.label, scores[_name]))
        precision.append({"model": _name, "average precision": _value, "low": _low, "high": _high})
    base_rate = float(later.label.mean())
    _lines = "\n".join(
        f"| {row['model']} | {row['average precision']:.3f} | {row['low']:.3f} to {row['high']:.3f} |"
        for row in precision
    )
    mo.md(
        f"| model | average precision | 95 % (bootstrap over visitors) |\n|---|---|---|\n{_lines}\n"
        f"| a guess: the share of the label | {base_rate:.3f} | |"
    )
    return base_rate, precision, scores


@app.cell
def calibration(later, scores):
    calibration_figure = Figure(figsize=(5, 4.5), layout="constrained")
    _axes = calibration_figure.subplots()
    _axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="calibrated")
    for _name, _score in scores.items():
        _seen, _said = calibration_curve(later.label, _score, n_bins=5, strategy="uniform")
        _axes.plot(_said, _seen, marker="o", label=_name)
        _sizes = np.bincount(np.searchsorted(np.linspace(0, 1, 6)[1:-1], _score))
        for _x, _y, _size in zip(_said, _seen, _sizes[_sizes > 0], strict=True):
            _axes.annotate(f"{_size}", (_x, _y), textcoords="offset points", xytext=(6, -10))
    _axes.set(
        title="Calibration on later sessions, with their number",
        xlabel="probability given",
        ylabel="share with the label",
    )
    _axes.legend()
    calibration_figure
    return (calibration_figure,)


@app.cell
def caution(labelled):
    reading = f"""
    ## What this must not be read as

    - **Not as how well abuse is found.** The labels here are {labelled.labels_are}. Where they are Weir's own
      verdicts, a model that is trained on them copies the rules: a high precision says that the rules can be guessed
      from a session's measures. Abuse that the rules miss counts as benign, and people that they wrongly block count
      as abuse. Human labels stand for the sessions that they were asked about, which are not a random sample.
    - **Not as what a model would do live.** With verdicts as labels, the measures are those of the closed session,
      when a verdict is long given. A block also changes what the visitor does next.
    - **Not as certain.** The interval covers the draw of visitors, not the change of traffic from one week to the next.
      What holds of made-up days need not hold of real ones.
    - **Not as a probability of abuse.** Calibration is against the same labels.

    `docs/models.md` says how Weir's own models learn and when they may block.
    """
    mo.md(reading)
    return (reading,)


if __name__ == "__main__":
    app.run()
