from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from models.features import features_hash
from models.serving.champion import Challenger, ChampionHolder, Scorer
from rules.business.rules import BusinessRules, load_business_rules
from rules.heuristics.patterns import Patterns, load_packs
from rules.limits.budgets import Budgets, load_budgets
from rules.limits.verdicts import SharedVerdicts
from streams.packs.library import PackLibrary
from streams.score.judges import Judges
from streams.score.task import ScoreTask
from streams.task import Effects
from tests.models.serving.test_champion import offer
from tests.models.serving.test_snapshot import KEY, pointer, snapshot
from tests.rules.business.writing import business_file
from tests.support.packs import a_pack, version_of
from tests.support.sessions import make_session
from weir.contracts import Flag, Label, Limit, Review, Score
from weir.contracts.fast import encode
from weir.contracts.rules_record import AddressSums
from weir.contracts.score import ModelRef
from weir.kafka.records import LogRecord, Output
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import FLAGS, LABELS, LIMITS, REVIEWS, SCORES, Topic

NOW_S = 2_000.0
PATTERNS = load_packs(())
BUDGETS: Budgets = load_budgets(None)
BLOCKING = next(iter(sorted(i for i in PATTERNS.ids if PATTERNS.info(i).weight >= 0.9)))
CERTAIN: dict[str, Any] = {"heuristics": {BLOCKING: {"hits": 1, "version": "1"}}}


@dataclass
class Fixed:
    """A model that always says the same."""

    value: float

    def predict_one(self, _: object) -> float:
        return self.value


@dataclass
class Bench:
    """A score task with what it is made of."""

    champion: ChampionHolder = field(default_factory=lambda: ChampionHolder(KEY))
    shared: SharedVerdicts = field(default_factory=lambda: SharedVerdicts(BUDGETS.shared, BUDGETS.distinct))
    settings: Settings = field(default_factory=lambda: Settings(review_sample_share=0.0))
    business: BusinessRules = field(default_factory=load_business_rules)
    patterns: Patterns = PATTERNS
    partition: int = 0
    partitions: int = 1
    now: Callable[[], float] = lambda: NOW_S
    packs_of: Callable[[Mapping[str, str] | None], Patterns] | None = None

    def task(self) -> ScoreTask:
        return ScoreTask(
            self.partition,
            self.partitions,
            self.settings,
            Judges(self.patterns, BUDGETS, self.business, self.champion, self.shared, self.packs_of),
            self.now,
        )

    def always(self, value: float, learned_from: str = "people") -> Bench:
        """Puts a champion in that always says the same."""
        ref = ModelRef(id="sessions", version="7")
        self.champion.scorer = Scorer(ref, learned_from, 0, Fixed(value))  # type: ignore[arg-type]
        return self


def session(**changed: Any) -> LogRecord:  # noqa: ANN401 -- any field
    made = make_session(**changed)
    headers = (("partition", b"0"), ("offset", b"7"), ("appended_ms", b"1999500"))
    return LogRecord("weir.sessions", 0, 0, 0, made.visitor_id.encode(), encode(made), headers)


def fold(task: ScoreTask, *records: LogRecord) -> Effects:
    effects = Effects()
    task.process(records, effects)
    return effects


def written(effects: Effects, topic: Topic) -> list[Output]:
    return [output for output in effects.outputs if output.topic == topic]


def flags(effects: Effects) -> list[Flag]:
    return [Flag.model_validate_json(output.value or b"") for output in written(effects, FLAGS)]


def labels(effects: Effects) -> list[Label]:
    return [Label.model_validate_json(output.value or b"") for output in written(effects, LABELS)]


def test_every_revision_is_scored_with_its_features() -> None:
    bench = Bench()
    offer(bench.champion, snapshot(), pointer())
    effects = fold(bench.task(), session(revision=1), session(revision=2, final=True))
    scores = [Score.model_validate_json(output.value or b"") for output in written(effects, SCORES)]
    assert [(score.revision, score.final, score.ts, score.start) for score in scores] == [
        (1, False, 1_060.0, 1_000.0),
        (2, True, 1_060.0, 1_000.0),
    ]
    assert bench.champion.scorer is not None
    for score in scores:
        assert score.features_hash == features_hash(score.features)
        # The features as they were logged give the very score that was logged.
        assert score.score == bench.champion.scorer.score(score.features)
        assert score.model == ModelRef(id="sessions", version="7")
    assert effects.counts["scores", ("champion",)] == 2
    assert effects.gauges["model_version_info", ("sessions", "7")] == 1


def test_without_a_champion_the_score_is_null() -> None:
    effects = fold(Bench().task(), session())
    (output,) = written(effects, SCORES)
    score = Score.model_validate_json(output.value or b"")
    assert (score.score, score.model, score.champion) == (None, None, True)
    assert effects.counts["scores", ("none",)] == 1


def test_a_first_allow_is_silent_and_leaves_no_state() -> None:
    task = Bench().task()
    assert not flags(fold(task, session(), session(revision=4, final=True)))
    assert not list(task.changes())


def test_a_flag_says_who_decided_why_and_how_fast() -> None:
    effects = fold(Bench().task(), session(**CERTAIN))
    (output,) = written(effects, FLAGS)
    (flag,) = flags(effects)
    assert (flag.verdict, flag.stage, [reason.id for reason in flag.reasons]) == ("block", "heuristics", [BLOCKING])
    assert dict(output.headers) == {"verdict": b"block", "stage": b"heuristics"}
    assert (output.key, flag.latency_ms, flag.ts) == (b"v1", 500.0, 1_060.0)
    assert effects.counts["flags", ("heuristics", "block")] == 1
    assert effects.observations == [(("event_to_flag_seconds", ()), 0.5)]


def test_a_flag_comes_only_with_news() -> None:
    task = Bench().task()
    hits = {BLOCKING: {"hits": 5, "version": "1"}}
    found = [
        flags(fold(task, session(revision=revision, **changed)))
        for revision, changed in enumerate([CERTAIN, CERTAIN, {"heuristics": hits}, {}, {}, CERTAIN], 1)
    ]
    verdicts = [[flag.verdict for flag in one] for one in found]
    assert verdicts == [["block"], [], [], ["allow"], [], ["block"]]


def test_the_same_verdict_has_the_same_id_and_another_has_another() -> None:
    (one,), (same,) = (flags(fold(Bench().task(), session(**CERTAIN))) for _ in range(2))
    (later,) = flags(fold(Bench().task(), session(revision=9, **CERTAIN)))
    assert one.flag_id == same.flag_id != later.flag_id


def test_the_model_decides_what_the_others_left_open() -> None:
    effects = fold(Bench().always(0.99).task(), session(), session(session_id="s2", **CERTAIN))
    assert [(flag.stage, flag.score) for flag in flags(effects)] == [("model", 0.99), ("heuristics", 0.99)]
    assert effects.counts["stage_verdicts", ("model", "block", "false")] == 1


@pytest.mark.parametrize(("learned_from", "says"), [("weak", True), ("people", False), ("both", False)])
def test_a_model_that_learned_from_weak_labels_alone_says_so(learned_from: str, says: bool) -> None:  # noqa: FBT001
    (flag,) = flags(fold(Bench().always(0.99, learned_from).task(), session()))
    assert ("weak labels alone" in flag.reasons[0].text) == says


def test_a_stage_in_shadow_says_nothing_but_in_the_flag() -> None:
    bench = Bench(settings=Settings(shadow=frozenset({"heuristics"}), review_sample_share=0.0)).always(0.99)
    effects = fold(bench.task(), session(**CERTAIN))
    (flag,) = flags(effects)
    assert (flag.stage, [shadow.stage for shadow in flag.shadow]) == ("model", ["heuristics"])
    assert effects.counts["stage_verdicts", ("heuristics", "block", "true")] == 1


def test_a_session_that_another_took_over_has_no_verdict_any_more() -> None:
    task = Bench().task()
    fold(task, session(**CERTAIN))
    assert dict(task.changes())[b"ss1"] is not None
    effects = fold(task, session(revision=4, final=True, merged_into="s0", **CERTAIN))
    assert [output.topic for output in effects.outputs] == [SCORES]
    assert dict(task.changes()) == {b"ss1": None}


def test_a_score_names_the_rules_once_its_session_is_flagged_or_closed() -> None:
    def rules(**changed: Any) -> list[tuple[list[str], list[str]]]:  # noqa: ANN401 -- any field
        scores = written(fold(Bench().task(), session(**changed)), SCORES)
        published = [Score.model_validate_json(output.value or b"") for output in scores]
        return [(one.rules, one.rules_alone) for one in published]

    assert rules() == rules(final=True) == [([], [])]
    # People answer about what is flagged, and most of that is open still.
    assert rules(**CERTAIN) == rules(final=True, **CERTAIN) == [([BLOCKING], [BLOCKING])]


def test_only_a_closing_counts_for_its_rules_sessions() -> None:
    task = Bench().task()
    counted = [
        sum(by for (name, _), by in fold(task, one).counts.items() if name == "rule_sessions")
        for one in (session(**CERTAIN), session(revision=4, final=True, **CERTAIN))
    ]
    assert counted == [0, 1]


def test_state_is_dropped_when_a_session_is_final_and_its_flag_is_over() -> None:
    bench = Bench()
    task = bench.task()
    fold(task, session(**CERTAIN), session(revision=4, final=True, **CERTAIN))
    assert dict(task.changes())[b"ss1"] is not None
    over_s = 1_060.0 + bench.settings.block_holds_s + bench.settings.gap_s + bench.settings.grace_s
    fold(task, session(session_id="s2", visitor_id="v2", end=over_s - 1.0))
    assert not dict(task.changes())
    fold(task, session(session_id="s2", visitor_id="v2", end=over_s))
    assert dict(task.changes()) == {b"ss1": None}


def test_a_flag_that_asks_for_nothing_is_forgotten_when_its_session_is_final() -> None:
    task = Bench().always(0.85).task()
    (flag,) = flags(fold(task, session(), session(revision=4, final=True)))
    assert (flag.verdict, flag.until) == ("review", None)
    assert dict(task.changes()) == {b"ss1": None}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"purchases": 1, "counts": {"purchase": 1}}, [("good", "weak:purchase")]),
        (CERTAIN, [("bad", "weak:heuristics")]),
        ({"rate_limited": 3}, [("bad", "weak:rate_limit")]),
        ({**CERTAIN, "purchases": 1}, []),
        ({}, []),
    ],
)
def test_closed_sessions_teach_weakly(changed: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    task = Bench().task()
    assert not labels(fold(task, session(**changed)))
    found = labels(fold(task, session(revision=4, final=True, **changed)))
    assert [(label.label, label.source) for label in found] == expected
    assert all(label.weight < 1 and label.session_id == "s1" and label.ts == 1_060.0 for label in found)


HONEYPOT_PACK = r"""
pack: traps
version: "1"
owner: tests
description: Links that are hidden.
patterns:
  - id: traps/hidden-link
    category: honeypot
    reason: A link that no person sees.
    field: url
    weight: 0.1
    regex: ^/trap/
    match: ["/trap/1"]
    no_match: ["/shop"]
"""


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, [("bad", "weak:honeypot")]), ({"purchases": 1, "counts": {"purchase": 1}}, [])],
    ids=["trapped", "bought, too"],
)
def test_who_falls_into_a_honeypot_teaches_though_nothing_else_speaks_against_it(
    tmp_path: Path, changed: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    pack = tmp_path / "traps.yaml"
    pack.write_text(HONEYPOT_PACK)
    trapped = {"heuristics": {"traps/hidden-link": {"hits": 1, "version": "1"}}}
    effects = fold(Bench(patterns=load_packs((pack,))).task(), session(final=True, **trapped, **changed))
    assert [(label.label, label.source) for label in labels(effects)] == expected
    assert not flags(effects)


@pytest.mark.parametrize(
    ("heuristics", "expected"), [({}, []), (CERTAIN["heuristics"], ["weak:heuristics"])], ids=["rules", "both"]
)
def test_rules_over_measures_alone_do_not_teach(heuristics: dict[str, Any], expected: list[str]) -> None:
    guessing = {"events": 60, "login_attempts": 60, "login_failures": 60, "heuristics": heuristics}
    effects = fold(Bench().task(), session(final=True, **guessing))
    (flag,) = flags(effects)
    assert flag.stage == "heuristics"
    assert flag.verdict in {"throttle", "block"}
    assert "behaviour/guesses-passwords" in [reason.id for reason in flag.reasons]
    assert [label.source for label in labels(effects)] == expected


@pytest.mark.parametrize(
    "settings", [Settings(weak_labels=False), Settings(shadow=frozenset({"heuristics"}))], ids=["off", "shadow"]
)
def test_what_is_not_trusted_does_not_teach(settings: Settings) -> None:
    assert not labels(fold(Bench(settings=settings).task(), session(final=True, **CERTAIN)))


def test_people_are_asked_where_the_model_is_unsure() -> None:
    task = Bench().always(0.5).task()
    effects = fold(task, session(), session(revision=4, final=True))
    (output,) = written(effects, REVIEWS)
    review = Review.model_validate_json(output.value or b"")
    assert (output.key, review.why, review.score) == (b"s1", "unsure", 0.5)
    assert effects.counts["reviews", ("unsure",)] == 1


def test_people_are_asked_at_random_about_the_same_sessions_each_time() -> None:
    def asked(share: float) -> set[str]:
        task = Bench(settings=Settings(review_sample_share=share)).always(0.01).task()
        effects = fold(task, *(session(session_id=f"s{n}", final=True) for n in range(200)))
        return {(output.key or b"").decode() for output in written(effects, REVIEWS)}

    assert asked(0.2) == asked(0.2)
    assert asked(0.05) <= asked(0.2)
    assert 10 < len(asked(0.2)) < 80
    assert len(asked(1.0)) == 200


class TestAddresses:
    ADDRESS = "192.0.2.17"

    def over(self, bench: Bench) -> None:
        limit = BUDGETS.address[0].id
        costs = {self.ADDRESS: 1e6}
        sums = AddressSums(partition=0, window_start=1_000.0, window_s=10.0, limit=limit, costs=costs)
        bench.shared.offer(sums)

    def test_a_busy_address_is_throttled(self) -> None:
        bench = Bench()
        self.over(bench)
        (flag,) = flags(fold(bench.task(), session()))
        assert (flag.verdict, flag.stage) == ("throttle", "rate_limit")

    def test_a_busy_address_accuses_nobody_behind_it(self) -> None:
        bench = Bench()
        self.over(bench)
        task = bench.task()
        assert not labels(fold(task, session(final=True)))
        (label,) = labels(fold(task, session(session_id="s2", final=True, rate_limited=2)))
        assert (label.label, label.source) == ("bad", "weak:rate_limit")

    def test_its_limit_is_published_once_by_one_partition(self) -> None:
        bench = Bench(partitions=4)
        self.over(bench)
        mine = partition_for(self.ADDRESS.encode(), 4)
        for partition in range(4):
            task = replace(bench, partition=partition).task()
            outputs = written(fold(task, session()), LIMITS) + written(fold(task, session()), LIMITS)
            assert len(outputs) == (partition == mine)
            for output in outputs:
                limit = Limit.model_validate_json(output.value or b"")
                assert (limit.kind, limit.subject) == ("address", self.ADDRESS)
                assert output.key == f"address:{self.ADDRESS}:{limit.limit}".encode()
            restarted = replace(bench, partition=partition).task()
            for key, value in task.changes():
                if value is not None:
                    restarted.load(key, value)
            idle = Effects()
            restarted.tick(NOW_S, idle)
            assert not idle.outputs


class TestBrake:
    """Half of all sessions would be blocked, where a fifth may be."""

    SECTIONS: ClassVar[dict[str, Any]] = {
        "ceiling": {
            "id": "top",
            "owner": "ops",
            "reason": "More than we ever block.",
            "at_most": 0.2,
            "release_at": 0.1,
            "sessions": 100,
            "ask_share": 0.0,
        }
    }

    def crowd(self, *, bad: bool, **changed: Any) -> list[LogRecord]:  # noqa: ANN401 -- any field
        kinds: Sequence[dict[str, Any]] = ({}, CERTAIN) if bad else ({}, {})
        return [
            session(session_id=f"s{number}", visitor_id=f"v{number}", revision=1, **kinds[number % 2], **changed)
            for number in range(100)
        ]

    def test_above_the_ceiling_verdicts_become_reviews_until_the_share_has_fallen(self) -> None:
        task = Bench(business=business_file(self.SECTIONS)).task()
        effects = fold(task, *self.crowd(bad=True))
        verdicts = [flag.verdict for flag in flags(effects)]
        assert verdicts[:24] == ["block"] * 24
        assert set(verdicts[25:]) == {"review"}
        held = flags(effects)[-1]
        assert (held.stage, held.reasons[0].id) == ("business_rule", "top")
        assert effects.gauges["brake_on", ("0",)] == 1
        assert effects.gauges["flagged_share", ("0",)] == 0.5
        assert effects.counts["verdicts_held_back", ("heuristics", "block")] == len(verdicts) - 24
        calm = fold(task, *self.crowd(bad=False))
        assert calm.gauges["brake_on", ("0",)] == 0
        assert [flag.verdict for flag in flags(fold(task, session(session_id="new", revision=1, **CERTAIN)))] == [
            "block"
        ]

    def test_it_is_state(self) -> None:
        bench = Bench(business=business_file(self.SECTIONS))
        task = bench.task()
        fold(task, *self.crowd(bad=True))
        again = bench.task()
        for key, value in task.changes():
            if value is not None:
                again.load(key, value)
        (flag,) = flags(fold(again, session(session_id="new", revision=1, **CERTAIN)))
        assert flag.verdict == "review"
        assert not list(task.changes())

    def test_nothing_is_learned_or_asked_of_what_is_held_back(self) -> None:
        task = Bench(business=business_file(self.SECTIONS)).task()
        effects = fold(task, *self.crowd(bad=True, final=True))
        assert 20 <= len(labels(effects)) < 30
        assert not written(effects, REVIEWS)

    def test_with_business_rules_in_shadow_it_counts_and_holds_nothing_back(self) -> None:
        settings = Settings(review_sample_share=0.0, shadow=frozenset({"business_rule"}))
        task = Bench(business=business_file(self.SECTIONS), settings=settings).task()
        effects = fold(task, *self.crowd(bad=True))
        assert {flag.verdict for flag in flags(effects)} == {"block"}
        assert effects.gauges["brake_on", ("0",)] == 1


def records() -> list[LogRecord]:
    kinds: Sequence[dict[str, Any]] = ({}, CERTAIN, {"rate_limited": 1}, CERTAIN, {}, {"final": True})
    return [session(session_id=f"s{n % 3}", revision=n // 3 + 1, **kinds[n // 3]) for n in range(18)]


@pytest.mark.parametrize("cut", range(0, 19, 3))
def test_a_restart_tells_nothing_twice(cut: int) -> None:
    whole = fold(Bench().task(), *records())
    first = Bench().task()
    before = fold(first, *records()[:cut])
    second = Bench().task()
    for key, value in first.changes():
        if value is not None:
            second.load(key, value)
    second.loaded()
    after = fold(second, *records()[cut:])
    assert before.outputs + after.outputs == whole.outputs


def test_refused_models_are_counted_once() -> None:
    bench = Bench()
    bench.champion.offer(b"champion", b"{}")
    first, second = bench.task(), bench.task()
    assert fold(first, session()).counts["model_refused", ("unverified",)] == 1
    assert ("model_refused", ("unverified",)) not in fold(second, session()).counts


def test_a_champion_is_swapped_between_two_sessions() -> None:
    bench = Bench().always(0.1)
    task = bench.task()
    fold(task, session())
    bench.champion.scorer = None
    effects = fold(task, session(revision=2))
    assert json.loads(written(effects, SCORES)[0].value or b"")["score"] is None
    assert effects.gauges["model_version_info", ("sessions", "7")] == 0


def test_the_time_of_every_stage_is_counted() -> None:
    # Fifty sessions: one alone takes a tenth of a millisecond, of which an interruption may be the most.
    sessions = (session(session_id=f"s{number}") for number in range(50))
    effects = fold(Bench().always(0.99).task(), *sessions)
    assert {labels for name, labels in effects.counts if name == "cascade_seconds"} == {
        ("rate_limit",),
        ("heuristics",),
        ("model",),
        ("business_rule",),
    }
    # The model's stage is features and score, not only what the cascade makes of them.
    assert effects.counts["cascade_seconds", ("model",)] > effects.counts["cascade_seconds", ("business_rule",)] > 0


@pytest.mark.parametrize("value", [None, b"", b"soon", b"-5", b"9" * 400, "²".encode()])
def test_a_strangers_append_time_is_no_latency(value: bytes | None) -> None:
    record = replace(session(**CERTAIN), headers=(("appended_ms", value),))  # type: ignore[arg-type]  # as clients may
    (flag,) = flags(fold(Bench().task(), record))
    assert flag.latency_ms == 0.0


def test_a_challenger_in_shadow_is_recorded_and_decides_nothing() -> None:
    bench = Bench().always(0.1)
    scorer = Scorer(ModelRef(id="sessions", version="8"), "people", 1, Fixed(0.99))  # type: ignore[arg-type]
    bench.champion.challenger = Challenger(scorer, 0.0)
    effects = fold(bench.task(), session(revision=1), session(revision=2, final=True))
    scores = [Score.model_validate_json(output.value or b"") for output in written(effects, SCORES)]
    assert [(score.revision, score.champion, score.score) for score in scores] == [
        (1, True, 0.1),
        (2, True, 0.1),
        (2, False, 0.99),
    ]
    assert scores[2].features_hash == scores[1].features_hash
    assert scores[2].model == scorer.ref
    assert not flags(effects)
    assert effects.counts["trial_verdicts", ("allow", "block")] == 1
    assert effects.counts["scores", ("shadow",)] == 1


def test_a_challenger_with_a_share_judges_its_visitors_and_the_flag_says_so() -> None:
    bench = Bench().always(0.1)
    scorer = Scorer(ModelRef(id="sessions", version="8"), "people", 1, Fixed(0.99))  # type: ignore[arg-type]
    bench.champion.challenger = Challenger(scorer, 1.0)
    effects = fold(bench.task(), session(final=True))
    (flag,) = flags(effects)
    assert (flag.verdict, flag.stage, flag.model) == ("block", "model", scorer.ref)
    (output,) = written(effects, SCORES)
    assert Score.model_validate_json(output.value or b"").champion
    assert effects.counts["scores", ("challenger",)] == 1


def test_inputs_that_are_no_longer_what_they_were_are_told() -> None:
    task = Bench().task()
    calm = fold(task, *(session(session_id=f"s{number}", final=True) for number in range(20_000, 26_000)))
    published = {labels[1]: count for (name, labels), count in calm.counts.items() if name == "drift_detected"}
    assert published == {"score": 0}
    changed = fold(task, *(session(session_id=f"s{number}", events=60, final=True) for number in range(6_000)))
    assert changed.counts["drift_detected", ("input", "events")] >= 1


def test_packs_that_come_late_judge_sessions_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.packs.library.PATIENCE_S", 0.0)
    mild, strict = (a_pack({"weight": weight}) for weight in (0.0, 0.95))
    library = PackLibrary(Patterns((mild,)))
    task = Bench(patterns=library.current, packs_of=library.of_session).task()
    made = session(heuristics={"mine/export": {"hits": 1, "version": strict.version}})
    record = replace(made, headers=(*made.headers, ("packs", encode({"mine": strict.version}))))
    assert not flags(fold(task, record))
    library.offer(f"mine/{strict.version}".encode(), encode(version_of(strict)))
    (said,) = flags(fold(task, record))
    assert said.reasons[0].id == "mine/export"


@pytest.mark.parametrize("header", [(), (("packs", b""),), (("packs", b"no JSON"),), (("packs", b"[1]"),)])
def test_a_session_that_names_no_packs_is_judged_by_those_in_force_whatever_came_before(
    header: tuple[tuple[str, bytes], ...],
) -> None:
    mild, strict = (a_pack({"weight": weight}) for weight in (0.0, 0.95))
    library = PackLibrary(Patterns((mild,)))
    task = Bench(patterns=library.current, packs_of=library.of_session).task()
    library.offer(f"mine/{strict.version}".encode(), encode(version_of(strict)))
    hits = {"mine/export": {"hits": 1, "version": strict.version}}
    named = session(session_id="named", heuristics=hits)
    named = replace(named, headers=(*named.headers, ("packs", encode({"mine": strict.version}))))
    unnamed = session(session_id="unnamed", heuristics=hits)
    unnamed = replace(unnamed, headers=(*unnamed.headers, *header))
    flagged = [flag.session_id for flag in flags(fold(task, unnamed, named, unnamed))]
    assert flagged == ["named"]


def unusual_of(task: ScoreTask, count: int) -> list[tuple[bool, float | None]]:
    """Of so many sessions of two revisions each: whether final, and how unusual."""
    records = []
    for number in range(count):
        fields: dict[str, Any] = {"session_id": f"s{number}", "bytes": 900 + number * 37 % 5_000}
        records += [session(**fields, revision=1), session(**fields, revision=2, final=True)]
    found = [Score.model_validate_json(one.value or b"") for one in written(fold(task, *records), SCORES)]
    return [(one.final, one.unusual) for one in found]


def test_scores_of_closed_sessions_tell_how_unusual_they_are() -> None:
    found = unusual_of(Bench().task(), 400)
    assert all(unusual is None for final, unusual in found if not final)
    closed = [unusual for final, unusual in found if final]
    assert closed[:300] == [None] * 300
    assert all(unusual is not None for unusual in closed[300:])


def test_without_anomaly_no_score_tells_how_unusual_a_session_is() -> None:
    bench = Bench(settings=Settings(review_sample_share=0.0, anomaly=False))
    assert {unusual for _, unusual in unusual_of(bench.task(), 400)} == {None}


def test_being_unusual_changes_no_verdict() -> None:
    def published(*, anomaly: bool) -> list[Output]:
        task = Bench(settings=Settings(review_sample_share=0.0, review_ceiling_share=0.0, anomaly=anomaly)).task()
        unusual_of(task, 400)
        return [one for one in fold(task, session(events=90_000, final=True)).outputs if one.topic != SCORES]

    assert published(anomaly=True) == published(anomaly=False)


def test_a_task_that_starts_anew_knows_nothing_of_what_is_usual() -> None:
    bench = Bench()
    task = bench.task()
    unusual_of(task, 400)
    other = bench.task()
    for key, value in task.changes():
        other.load(key, value or b"")
    assert unusual_of(other, 1) == [(False, None), (True, None)]
