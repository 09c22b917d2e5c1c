from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from weir.asgi.standing import Refusal, Standing
from weir.contracts import Flag, Limit, Reason
from weir.networks import AddressRules, Network, Networks

NOW_S = 1_750_000_000.0
IP = "192.0.2.1"


def limit(kind: Any = "visitor", subject: str = "ann", **changed: Any) -> Limit:  # noqa: ANN401 -- any field
    fields: dict[str, Any] = {
        "limit": "requests",
        "observed": 400.0,
        "window_s": 150.0,
        "until": NOW_S + 75.0,
        "retry_after_s": 75.0,
        "reason": "Too much.",
    }
    return Limit(subject=subject, kind=kind, **(fields | changed))


def flag(verdict: Any = "block", session: str = "s1") -> Flag:  # noqa: ANN401 -- any verdict
    return Flag(
        flag_id="f",
        session_id=session,
        visitor_id="ann",
        revision=1,
        ts=NOW_S,
        verdict=verdict,
        stage="heuristics",
        reasons=[Reason(id="r", version="1", text="It is a scanner.")],
        score=None,
        model=None,
        features_hash=None,
        latency_ms=0.0,
        shadow=[],
    )


def test_whoever_is_unknown_is_let_through() -> None:
    assert Standing().refusal(NOW_S) is None
    assert Standing().refusal(NOW_S, visitor="ann", address=IP, account="a", user_agent="x") is None


def test_a_visitor_over_a_limit_is_refused_until_it_ends() -> None:
    standing = Standing()
    standing.take_limit(limit(), NOW_S)
    assert standing.refusal(NOW_S + 70.0, visitor="ann") == Refusal(429, "Too much.", 5.0)
    assert standing.refusal(NOW_S + 75.0, visitor="ann") is None
    assert standing.refusal(NOW_S, visitor="ben") is None


def test_accounts_and_addresses_have_limits_of_their_own() -> None:
    standing = Standing()
    standing.take_limit(limit("account", "acme"), NOW_S)
    standing.take_limit(limit("address", "2001:db8::/64"), NOW_S)
    assert standing.refusal(NOW_S, account="acme") is not None
    assert standing.refusal(NOW_S, address="2001:db8::7") is not None
    assert standing.refusal(NOW_S, visitor="acme", address=IP) is None


def test_a_limit_of_a_log_that_is_replayed_is_over_and_one_from_a_fast_clock_is_no_longer_than_it_says() -> None:
    standing = Standing()
    standing.take_limit(limit(until=NOW_S - 86_400.0), NOW_S)
    assert standing.refusal(NOW_S, visitor="ann") is None
    standing.take_limit(limit(until=NOW_S + 86_400.0), NOW_S)
    assert standing.refusal(NOW_S + 76.0, visitor="ann") is None


def test_known_visitors_are_not_meant_by_what_their_address_did() -> None:
    standing = Standing()
    standing.take_limit(limit("address", IP, spares_known_after=3), NOW_S)
    answers = [standing.refusal(NOW_S, visitor="ann", address=IP) is not None for _ in range(5)]
    assert answers == [True, True, True, False, False]
    assert standing.refusal(NOW_S, address=IP) is not None


def test_trusted_networks_and_crawlers_are_let_through() -> None:
    networks = Networks([Network(id="m", treat="trusted", ranges=(IP,))], AddressRules())
    standing = Standing(networks)
    standing.take_flag(flag(), NOW_S)
    assert standing.refusal(NOW_S, visitor="ann", address=IP) is None
    assert standing.refusal(NOW_S, visitor="ann", address="192.0.2.2") == Refusal(403, "It is a scanner.")


def test_a_block_is_refused_until_it_is_lifted_or_old() -> None:
    standing = Standing(block_s=100.0)
    standing.take_flag(flag(), NOW_S)
    assert standing.refusal(NOW_S + 99.0, visitor="ann") == Refusal(403, "It is a scanner.")
    assert standing.refusal(NOW_S + 100.0, visitor="ann") is None
    standing.take_flag(flag("review"), NOW_S + 1.0)
    assert standing.refusal(NOW_S + 2.0, visitor="ann") is None


def test_another_sessions_flag_lifts_nothing_and_the_strongest_answers() -> None:
    standing = Standing()
    standing.take_flag(flag("block", "s1"), NOW_S)
    standing.take_flag(flag("throttle", "s2"), NOW_S)
    standing.take_flag(flag("allow", "s3"), NOW_S)
    assert standing.refusal(NOW_S, visitor="ann") == Refusal(403, "It is a scanner.")


def test_blocks_may_be_left_to_others() -> None:
    standing = Standing(refuses_blocked=False)
    standing.take_flag(flag("block"), NOW_S)
    assert standing.refusal(NOW_S, visitor="ann") is None
    standing.take_flag(flag("throttle"), NOW_S)
    assert standing.refusal(NOW_S, visitor="ann") == Refusal(429, "It is a scanner.", 60.0)


@given(st.lists(st.tuples(st.sampled_from(["limit", "flag", "ask"]), st.integers(0, 40)), max_size=200))
def test_what_is_remembered_is_bounded(steps: list[tuple[str, int]]) -> None:
    standing = Standing(most=5)
    for what, number in steps:
        if what == "limit":
            standing.take_limit(limit(subject=f"v{number}"), NOW_S)
        elif what == "flag":
            standing.take_flag(flag().model_copy(update={"visitor_id": f"v{number}"}), NOW_S)
        else:
            standing.refusal(NOW_S, visitor=f"v{number}")
        assert max(len(standing._limits), len(standing._flags), len(standing._seen)) <= 5
