"""What is wrong with business rules beyond their form: contradictions, and what can never fire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rules.business.conditions import When, Who, is_network
from rules.business.entries import BusinessRuleEntry, Dated, ListEntry, RulesFile, VerdictThresholds
from rules.business.hours import Hours, zone
from rules.business.relations import Scope, are_apart, covers
from rules.document import Document
from rules.limits.ranges import is_meant
from rules.problems import Problem

Path = tuple[str | int, ...]
_SAYS = {
    "rate_limit": {"throttle"},
    "heuristics": {"allow", "review", "throttle", "block"},
    "model": {"allow", "review", "block"},
    "people": {"allow", "review", "throttle", "block"},
}
"""Verdicts that each stage can have when business rules are evaluated."""


def problems_of_rules(document: Document, file: RulesFile, today: date) -> Iterator[Problem]:
    """Everything that is wrong."""
    yield from _ids(document, file)
    for path, entry in _dated(file):
        yield from _dates(document, entry, path, today)
    for path, who in _conditions(file):
        yield from _names(document, file, who, path)
    for number, rule in enumerate(file.rules):
        yield from _rule(document, rule, ("rules", number))
    yield from _lists(document, file)
    yield from _pairs(document, file)
    yield from _ceiling(document, file)
    yield from _unused(document, file)


def _ids(document: Document, file: RulesFile) -> Iterator[Problem]:
    seen: set[str] = set()
    places: list[tuple[str, Path]] = [(entry.id, path) for path, entry in _dated(file)]
    places += [(entry.id, ("segments", number)) for number, entry in enumerate(file.segments)]
    places += [(file.ceiling.id, ("ceiling",))] if file.ceiling else []
    for name, path in places:
        if name in seen:
            yield document.problem(f"{name} is given twice.", "Give each its own id.", *path, "id")
        seen.add(name)


def _dated(file: RulesFile) -> Iterator[tuple[Path, Dated]]:
    for section, entries in (("allow", file.allow), ("deny", file.deny), ("rules", file.rules)):
        for number, entry in enumerate(entries):
            yield (section, number), entry


def _dates(document: Document, entry: Dated, path: Path, today: date) -> Iterator[Problem]:
    if entry.expires and entry.added and entry.expires <= entry.added:
        message = f"{entry.id} can never fire: it expires on {entry.expires}, and was added on {entry.added}."
        yield document.problem(message, "Give a later day.", *path, "expires")
    elif entry.is_expired(today):
        message = f"{entry.id} has expired on {entry.expires}."
        yield document.problem(message, "Take it out, or give a later day.", *path, "expires", warning=True)
    if entry.hours is not None:
        yield from _hours(document, entry.id, entry.hours, (*path, "hours"))


def _hours(document: Document, name: str, hours: Hours, path: Path) -> Iterator[Problem]:
    try:
        zone(hours.timezone)
    except (KeyError, ValueError, OSError):
        yield document.problem(
            f"{name}: there is no time zone {hours.timezone}.", "Write Europe/Berlin.", *path, "timezone"
        )
    if hours.are_never:
        yield document.problem(f"{name}: its hours end where they begin.", "Give others, or leave them out.", *path)


def _conditions(file: RulesFile) -> Iterator[tuple[Path, Who]]:
    for section, entries in (("allow", file.allow), ("deny", file.deny)):
        for number, entry in enumerate(entries):
            yield (section, number, "who"), entry.who
    for number, segment in enumerate(file.segments):
        yield ("segments", number, "where"), segment.where
    for number, rule in enumerate(file.rules):
        yield ("rules", number, "when"), rule.when
        if rule.unless is not None:
            yield ("rules", number, "unless"), rule.unless


def _names(document: Document, file: RulesFile, who: Who, path: Path) -> Iterator[Problem]:
    if not any(getattr(who, name) is not None for name in who.model_fields_set):
        yield document.problem(f"{_id_at(file, path)} has no condition: it would hold always.", "Say when.", *path)
    for text in who.networks or ():
        if not is_network(text):
            yield document.problem(f"{text!r} is no network.", "Write 192.0.2.0/24.", *path, "networks")
        elif not is_meant(text):
            yield document.problem(f"{text} contains all addresses.", "Give a longer prefix.", *path, "networks")
    known = {segment.id for segment in file.segments}
    for name in who.segments or ():
        if path[0] == "segments":
            yield document.problem(f"A segment can't be made of {name}.", "Give its conditions.", *path, "segments")
        elif name not in known:
            have = ", ".join(sorted(known)) or "none"
            yield document.problem(f"There is no segment {name}.", f"There are: {have}.", *path, "segments")
    if isinstance(who, When):
        yield from _bounds(document, who, path, _id_at(file, path))


def _bounds(document: Document, when: When, path: Path, name: str) -> Iterator[Problem]:
    least, most = when.at_least or {}, when.at_most or {}
    for figure in sorted(least.keys() & most.keys()):
        if least[figure] > most[figure]:
            message = f"{name} can never fire: {figure} is at least {least[figure]:g} and at most {most[figure]:g}."
            yield document.problem(message, "Swap them.", *path, "at_least")
    if least.get("score", 0.0) > 1.0:
        yield document.problem(f"{name} can never fire: no score is above 1.", "Give less.", *path, "at_least")
    for figure, value in most.items():
        if value < 0:
            yield document.problem(
                f"{name} can never fire: {figure} is never negative.", "Swap signs.", *path, "at_most"
            )
    if when.stages is None:
        return
    if when.stages == ("business_rule",):
        yield document.problem(
            f"{name} can never fire: business rules are the last stage.", "Name an earlier stage.", *path, "stages"
        )
    elif when.verdicts is not None:
        possible = {verdict for stage in when.stages for verdict in _SAYS.get(stage, ())}
        if not possible & set(when.verdicts):
            verdicts = ", ".join(when.verdicts)
            message = f"{name} can never fire: {', '.join(when.stages)} never has the verdict {verdicts}."
            yield document.problem(message, f"Name one of {', '.join(sorted(possible))}.", *path, "verdicts")


def _rule(document: Document, rule: BusinessRuleEntry, path: Path) -> Iterator[Problem]:
    if (rule.then is None) == (rule.thresholds is None):
        yield document.problem(f"{rule.id} needs either then or thresholds.", "Give one of them.", *path)
    if rule.then is not None and rule.when.verdicts == (rule.then,):
        message = f"{rule.id} changes nothing: it asks for the verdict that it gives."
        yield document.problem(message, "Leave it out.", *path, "when")
    if rule.unless is not None and covers(Scope(rule.unless), Scope(rule.when)):
        message = f"{rule.id} can never fire: unless holds wherever when does."
        yield document.problem(message, "Narrow what it excepts.", *path, "unless")
    if rule.thresholds is not None:
        yield from _thresholds(document, rule, rule.thresholds, path)


def _thresholds(document: Document, rule: BusinessRuleEntry, given: VerdictThresholds, path: Path) -> Iterator[Problem]:
    rising = [value for value in (given.review, given.throttle, given.block) if value is not None]
    if not rising:
        yield document.problem(f"{rule.id} has no threshold.", "Give review, throttle or block.", *path, "thresholds")
    if rising != sorted(set(rising)):
        message = f"{rule.id}: review, throttle and block must rise in this order."
        yield document.problem(message, "What is reached never is the milder one then.", *path, "thresholds")
    stages = rule.when.stages
    if stages is not None and not {"model", "heuristics"} & set(stages):
        yield document.problem(
            f"{rule.id} can never fire: thresholds apply only where the model or no stage decided.",
            "Leave stages out.",
            *path,
            "when",
            "stages",
        )


def _lists(document: Document, file: RulesFile) -> Iterator[Problem]:
    for number, denied in enumerate(file.deny):
        for allowed in file.allow:
            one, other = _scope(denied), _scope(allowed)
            if not (denied.enabled and allowed.enabled) or are_apart(one, other):
                continue
            if covers(other, one) or covers(one, other):
                message = f"{denied.id} denies sessions that {allowed.id} allows."
                yield document.problem(message, "Take one of them out.", "deny", number, "who")


def _pairs(document: Document, file: RulesFile) -> Iterator[Problem]:
    before: list[tuple[int, BusinessRuleEntry]] = []
    lists = [entry for entry in (*file.allow, *file.deny) if entry.enabled]
    for number, rule in enumerate(file.rules):
        if not rule.enabled:
            continue
        for entry in lists:
            if covers(_scope(entry), _scope(rule)):
                message = f"{rule.id} can never decide: {entry.id} holds wherever it does, and lists come first."
                yield document.problem(message, "Take one of them out.", "rules", number)
        for other_number, other in before:
            if not are_apart(_scope(rule), _scope(other)):
                yield from _pair(document, (other_number, other), (number, rule))
        before.append((number, rule))


def _pair(
    document: Document, one: tuple[int, BusinessRuleEntry], other: tuple[int, BusinessRuleEntry]
) -> Iterator[Problem]:
    (_, first), (number, second) = one, other
    if first.priority != second.priority:
        yield from _dead(document, one, other)
    elif second.then is not None and first.then is not None:
        within = covers(_scope(first), _scope(second)) or covers(_scope(second), _scope(first))
        if first.then == second.then:
            if first.when == second.when and first.unless == second.unless:
                message = f"{second.id} and {first.id} have the same conditions: one of them can never decide."
                yield document.problem(message, "Keep one.", "rules", number)
        elif within and first.weight == second.weight:
            message = f"{second.id} gives {second.then} where {first.id} gives {first.then}."
            yield document.problem(
                message, "Give one a greater priority or weight, or other conditions.", "rules", number
            )
        elif first.weight == second.weight:
            message = f"{second.id} and {first.id} may hold together, and give {second.then} and {first.then}."
            hint = "The milder one decides then; give one a greater priority if that is not meant."
            yield document.problem(message, hint, "rules", number, warning=True)
    elif first.thresholds is not None and second.thresholds is not None and first.when == second.when:
        message = f"{second.id} and {first.id} give thresholds for the same."
        yield document.problem(message, "Keep one, or give one a greater priority.", "rules", number)


def _dead(
    document: Document, one: tuple[int, BusinessRuleEntry], other: tuple[int, BusinessRuleEntry]
) -> Iterator[Problem]:
    (_, high), (number, low) = sorted((one, other), key=lambda entry: -entry[1].priority)
    # Thresholds don't always give a verdict.
    if high.then is not None and covers(_scope(high), _scope(low)):
        same = high.when == low.when
        why = "have the same conditions: one of them can never decide" if same else ""
        message = (
            f"{low.id} and {high.id} {why}."
            if same
            else f"{low.id} can never decide: {high.id} holds wherever it does, with a greater priority."
        )
        yield document.problem(message, "Keep one, or give this one the greater priority.", "rules", number)


def _ceiling(document: Document, file: RulesFile) -> Iterator[Problem]:
    ceiling = file.ceiling
    if ceiling is None:
        return
    if ceiling.release_at >= ceiling.at_most:
        message = f"{ceiling.id}: the brake would let go where it trips."
        yield document.problem(message, "Give release_at less than at_most.", "ceiling", "release_at")
    if "people" in ceiling.of:
        message = f"{ceiling.id}: verdicts of the stage people are not held back."
        yield document.problem(message, "Name earlier stages.", "ceiling", "of")
    if "business_rule" in ceiling.of:
        message = f"{ceiling.id}: verdicts of business rules are not held back."
        yield document.problem(message, "Name earlier stages.", "ceiling", "of")


def _unused(document: Document, file: RulesFile) -> Iterator[Problem]:
    used = {name for _, who in _conditions(file) for name in who.segments or ()}
    for number, segment in enumerate(file.segments):
        if segment.id not in used:
            yield document.problem(
                f"No rule names the segment {segment.id}.", "Take it out.", "segments", number, warning=True
            )


def _id_at(file: RulesFile, path: Path) -> str:
    section, number = path[0], path[1]
    entries: tuple[Dated, ...] | tuple[object, ...] = getattr(file, str(section))
    return str(getattr(entries[int(number)], "id", section))


def _scope(entry: BusinessRuleEntry | ListEntry) -> Scope:
    if isinstance(entry, BusinessRuleEntry):
        return Scope(entry.when, entry.unless, entry.added, entry.expires, entry.hours)
    given = {name: getattr(entry.who, name) for name in entry.who.model_fields_set}
    return Scope(When(**given), None, entry.added, entry.expires, entry.hours)
