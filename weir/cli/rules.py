"""`weir rules`: write, check, explain, try, publish and watch patterns, budgets and business rules."""

from __future__ import annotations

import typer

from weir.cli.rules_check import check, run_examples
from weir.cli.rules_explain import explain_text
from weir.cli.rules_publish import list_packs, publish, rollback, show_pack
from weir.cli.rules_simulate import simulate
from weir.cli.rules_stats import graduate, stats

app = typer.Typer(no_args_is_help=True, help="Write, check, explain, try, publish and watch rules.")
app.command("check")(check)
app.command("test")(run_examples)
app.command("explain")(explain_text)
app.command("simulate")(simulate)
app.command("publish")(publish)
app.command("stats")(stats)
app.command("graduate")(graduate)
app.command("list")(list_packs)
app.command("show")(show_pack)
app.command("rollback")(rollback)
