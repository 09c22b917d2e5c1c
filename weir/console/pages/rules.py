"""The page Rules: packs in force, each rule's figures, and the effect of another version."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.routing import BaseRoute

from rules.heuristics.pack import PatternEntry
from weir.console import what_if, worth
from weir.console.computed import Kept
from weir.console.context import Console
from weir.console.pages.shared import Visit, as_csv, as_json, page, render, whole_number
from weir.console.store.search import COLUMNS as SESSION_COLUMNS
from weir.console.worth import SORTED_BY, RuleSeen, Worth, entry_of, in_order
from weir.errors import UsageError, WeirError

SHOWN = 200
"""Rules on a page."""
MOST_CHANGES = 200
NEWEST = 10
COLUMNS = (
    *("rule", "pack", "version", "kind", "reason", "category", "weight", "shadow", "hits", "sessions", "share"),
    *("alone", "answers", "precision", "answers_alone", "marginal_precision", "cost_us"),
)
_WHY = "why it is done"


def rules(console: Console, visit: Visit) -> Response:
    """All rules in force."""
    patterns = console.installation.patterns
    kept = _worth(console)
    query = visit.query
    by = query.get("sort", "")
    by = by if by in SORTED_BY else SORTED_BY[0]
    found = in_order(_chosen(list(kept.value.rules.values()), query), by) if kept is not None else []
    if query.get("format") == "csv":
        return as_csv([COLUMNS, *([*_rule_as_object(one).values()] for one in found)], "rules.csv")
    if visit.wants_json:
        return as_json({"rules": [_rule_as_object(one) for one in found], "computed": kept is not None})
    begin = whole_number(query.get("from", "")) or 0
    library = console.installation.resources.library
    return render(
        console,
        visit,
        "rules.html",
        packs=[(pack, library.published(pack.name), library.known(pack.name)) for pack in patterns.packs],
        kept=kept,
        rules=found[begin : begin + SHOWN],
        matching=len(found),
        next_from=begin + SHOWN if begin + SHOWN < len(found) else None,
        by=by,
        asked={name: query.get(name, "") for name in ("pack", "shadow", "held", "q", "sort")},
    )


def rule(console: Console, visit: Visit) -> Response:
    """One rule."""
    name = visit.query.get("id", "")
    patterns = console.installation.patterns
    info = patterns.find(name) or next((one for one in patterns.rules if one.id == name), None)
    found = entry_of(patterns, name)
    if info is None or found is None:
        hint = "It may have been renamed or taken out of its pack: the page of rules has those that are in force."
        if visit.wants_json:
            raise UsageError(f"No rule {name!r} is in force.", hint)
        return render(console, visit, "error.html", 404, title=f"No rule {name!r} is in force.", hint=hint)
    pack, entry = found
    kept = _worth(console)
    seen = kept.value.rules.get(name) if kept is not None else None
    if visit.wants_json:
        return as_json(_rule_as_object(seen) if seen is not None else {"rule": name, "computed": False})
    sessions = console.store.rows(
        f"SELECT {SESSION_COLUMNS} FROM reasons r JOIN sessions s ON s.session_id = r.session_id WHERE r.reason = ?"
        " ORDER BY r.end_s DESC LIMIT ?",
        (name, NEWEST),
    )
    return render(
        console,
        visit,
        "rule.html",
        info=info,
        pack=pack,
        entry=entry,
        is_pattern=isinstance(entry, PatternEntry),
        regex=patterns.regex(name) if patterns.find(name) is not None else "",
        published=console.installation.resources.library.published(pack.name),
        kept=kept,
        seen=seen,
        sessions=sessions,
        commands=_commands(pack.name, entry.id, is_in_shadow=entry.shadow),
        as_text=lambda one: one if isinstance(one, str) else one.model_dump_json(exclude_defaults=True),
    )


def simulate(console: Console, visit: Visit) -> Response:
    """The verdicts that a published version of a pack would change."""
    pack, version = visit.query.get("pack", ""), visit.query.get("version", "")
    library = console.installation.resources.library
    versions = console.installation.patterns.versions
    if pack not in versions or version not in library.known(pack):
        raise UsageError("There is no such version of a pack.", "The page Rules lists the versions.")
    kept: Kept[what_if.WhatIf] | None = None
    problem = ""
    try:
        key = ("what if", pack, version, *versions.items())
        kept = console.computed.get(
            key, console.clock(), lambda: what_if.prepared(console.store, library, pack, version)
        )
    except WeirError as error:
        problem = f"{error.message} {error.hint or ''}"
    if visit.wants_json:
        return as_json({"problem": problem or None, "outcome": _as_object(kept.value) if kept is not None else None})
    return render(
        console,
        visit,
        "rules_simulate.html",
        pack=pack,
        version=version,
        in_force=versions[pack],
        kept=kept,
        problem=problem,
        most=MOST_CHANGES,
        commands=(
            ("Put it in force:", shlex.join(["weir", "rules", "rollback", pack, "--to", version, "--why", _WHY])),
            ("Read it:", shlex.join(["weir", "rules", "show", pack, version])),
        ),
    )


def _worth(console: Console) -> Kept[Worth] | None:
    patterns = console.installation.patterns
    key = ("worth", *patterns.versions.items())
    return console.computed.get(key, console.clock(), lambda: worth.prepared(console.store, patterns))


def _chosen(found: list[RuleSeen], query: Any) -> list[RuleSeen]:  # noqa: ANN401 -- a mapping
    pack, shadow, text = query.get("pack", ""), query.get("shadow", ""), query.get("q", "").lower()
    return [
        one
        for one in found
        if (not pack or one.info.pack == pack)
        and (shadow not in {"yes", "no"} or one.info.shadow == (shadow == "yes"))
        and (query.get("held") != "yes" or (one.row is not None and one.row.sessions > 0))
        and (not text or text in one.info.id or text in one.info.reason.lower())
    ]


def _rule_as_object(one: RuleSeen) -> dict[str, object]:
    """A rule for programs."""
    info = one.info
    given = {name: getattr(one.row, name, None) for name in COLUMNS}
    return given | {
        "rule": info.id,
        "pack": info.pack,
        "version": info.version,
        "kind": one.kind,
        "reason": info.reason,
        "category": info.category,
        "weight": info.weight,
        "shadow": info.shadow,
        "cost_us": one.cost_us,
    }


def _as_object(found: what_if.WhatIf) -> dict[str, object]:
    verdicts = [{"before": old, "after": new, "sessions": count} for (old, new), count in found.verdicts.items()]
    return {
        "sessions": found.sessions,
        "verdicts": verdicts,
        "changes": [msgspec.to_builtins(one) for one in found.changes],
        "changed_patterns": found.changed_patterns,
        "sessions_with_all_events": found.whole,
    }


def _commands(pack: str, rule_id: str, *, is_in_shadow: bool) -> list[tuple[str, str]]:
    """Commands for each change of a rule, since the console changes no rules."""
    file = f"{pack}.yaml"
    found = [
        ("To change it, write its pack to a file first,", f"{shlex.join(['weir', 'rules', 'show', pack])} > {file}"),
        ("check the file after the change,", shlex.join(["weir", "rules", "check", file])),
        ("and put it in force:", shlex.join(["weir", "rules", "publish", file, "--why", _WHY])),
        (
            "Put the pack's version before in force again:",
            shlex.join(["weir", "rules", "rollback", pack, "--why", _WHY]),
        ),
        ("See which rules fire on a text:", "weir rules explain 'the text'"),
    ]
    if is_in_shadow:
        graduate = shlex.join(["weir", "rules", "graduate", rule_id, "--why", _WHY])
        found.insert(0, ("Let it count, if its figures allow it:", graduate))
    return found


ROUTES: tuple[BaseRoute, ...] = (
    page("/rules", rules),
    page("/rules/rule", rule),
    page("/rules/simulate", simulate),
)
