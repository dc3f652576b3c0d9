"""Whatever the audience, the consents and the caps: the waterfall sums, and nobody is written to without consent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanyu.activation import settle
from quanyu.contracts import Verdict
from quanyu.errors import DeliveryUnknown
from tests.fixtures.activation_night import DAY, TEN, Night, Post, channel

PEOPLE = [f"p{number}" for number in range(6)]
CHANNELS = ["post", "pigeon"]
PURPOSES = ["marketing", "care"]

pairs = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(CHANNELS))
grants = st.tuples(pairs, st.sampled_from(PURPOSES))
segments = st.fixed_dictionaries(
    {
        "people": st.sets(st.sampled_from(PEOPLE), min_size=1),
        "purpose": st.sampled_from(PURPOSES),
        "channels": st.sampled_from([["post"], ["pigeon"], ["post", "pigeon"], ["pigeon", "post"]]),
        "holdout": st.sampled_from([0.0, 0.0, 0.5]),
        "most": st.integers(1, 2),
        "band": st.sampled_from([3, 100, 100]),
    }
)
# Willing and reachable is the rule here, or most worlds would send nothing and prove little.
worlds = st.fixed_dictionaries(
    {
        # person -> one of four addresses per channel, so that some are shared; None: unreachable.
        "addresses": st.fixed_dictionaries(
            {(one_id, on): st.sampled_from([0, 1, 2, 3, None]) for one_id in PEOPLE for on in CHANNELS}
        ),
        "unasked": st.sets(grants, max_size=4),
        "refusals": st.sets(grants, max_size=4),
        "opt_outs": st.sets(st.tuples(st.sampled_from(CHANNELS), st.integers(0, 3)), max_size=1),
        "history": st.sets(st.tuples(pairs, st.integers(1, 3), st.sampled_from(PURPOSES)), max_size=6),
        "segments": st.lists(segments, min_size=1, max_size=3),
        "withdrawn": st.sets(grants, min_size=1, max_size=6),
        "refused": st.sets(st.integers(0, 3), max_size=1),
        "lost": st.booleans(),
        "hour": st.sampled_from([7, 10, 10, 10]),
    }
)

_CLEAN = """
truncate activation.receipt, activation.message, activation.decision, activation.plan, activation.hold,
    activation.opt_out, activation.segment_membership, activation.segment_night,
    marts.bridge_customer_addresses, marts.fct_consents, ops.segment cascade
"""


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def build(night: Night, world: Mapping[str, Any]) -> None:
    with night.sql() as cursor:
        cursor.execute(_CLEAN)
        for (one_id, on), number in world["addresses"].items():
            if number is None:
                continue
            cursor.execute(
                "insert into marts.bridge_customer_addresses (one_id, channel, address) values (%s, %s, %s)",
                [one_id, on, f"{on}{number}"],
            )
        asked = {((one_id, on), purpose) for one_id in PEOPLE for on in CHANNELS for purpose in PURPOSES}
        for (one_id, on), purpose in sorted(asked - world["unasked"]):
            cursor.execute(
                "insert into marts.fct_consents (one_id, purpose, channel, is_granted) values (%s, %s, %s, %s)",
                [one_id, purpose, on, ((one_id, on), purpose) not in world["refusals"]],
            )
        for on, number in world["opt_outs"]:
            cursor.execute("insert into activation.opt_out values (%s, %s, 'R', now())", [on, f"{on}{number}"])
        for (one_id, on), ago, purpose in world["history"]:
            key = f"{one_id}{on}{ago}{purpose}"
            cursor.execute(
                "insert into activation.message (key, business_date, segment, act_version, one_id, channel, address,"
                " purpose, template, attempt) values (%s, %s, %s, 1, %s, %s, %s, %s, 'old', 1)",
                [
                    key,
                    DAY - timedelta(days=ago),
                    f"old{on}{purpose}",
                    one_id,
                    on,
                    f"{on}{PEOPLE.index(one_id)}",
                    purpose,
                ],
            )
            for state in ("pending", "sending", "sent"):
                cursor.execute("update activation.message set state = %s where key = %s", [state, key])
    for number, segment in enumerate(world["segments"]):
        night.segment(
            f"seg_{number}",
            sorted(segment["people"]),
            purpose=segment["purpose"],
            consent=segment["purpose"],
            channels=segment["channels"],
            templates=dict.fromkeys(segment["channels"], f"text {number}"),
            holdout=segment["holdout"],
            cap={"days": 3, "messages": segment["most"]},
            size_band={"min": 0, "max": segment["band"], "change": 9.0},
            priority=number,
        )


def allowed(night: Night) -> set[tuple[str, str, str]]:
    """(person, channel, purpose) that may be written to at this moment."""
    return set(
        night.rows(
            "select one_id, channel, purpose from marts.fct_consents as granted where is_granted and not exists ("
            "select from activation.opt_out inner join marts.bridge_customer_addresses as own using (channel, address)"
            " where own.one_id = granted.one_id and own.channel = granted.channel)"
        )
    )


def check(night: Night, world: Mapping[str, Any]) -> None:
    for number, segment in enumerate(world["segments"]):
        parts = night.parts(f"seg_{number}")
        assert sum(parts.values()) == len(segment["people"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(world=worlds)
def test_the_waterfall_sums_and_consent_is_never_crossed(night: Night, world: dict[str, Any]) -> None:
    build(night, world)
    night.now = TEN.replace(hour=world["hour"])
    on = [channel(name) for name in CHANNELS]
    night.plan(*on)
    check(night, world)
    for (one_id, where), purpose in world["withdrawn"]:
        night.consent(one_id, purpose=purpose, on=where, is_granted=False)
    may = allowed(night)
    for one in on:
        client = Post()
        client.answers = {f"{one.name}{number}": Verdict.REFUSED for number in world["refused"]}
        if world["lost"]:
            client.after = lose_the_first(client)
        night.send(client, one)
        check(night, world)
        settle(night.dsn, one, client, lambda: night.now, night.vault, ticks=lambda: night.real)
        check(night, world)
    claimed = night.rows(
        "select one_id, channel, purpose, address, segment from activation.message"
        " where business_date = %s and attempt > 0",
        DAY,
    )
    assert {(one_id, where, purpose) for one_id, where, purpose, _, _ in claimed} <= may
    assert len({one_id for one_id, *_ in claimed}) == len(claimed), "one person, one message a night"
    assert len({(where, address) for _, where, _, address, _ in claimed}) == len(claimed), "an address rings once"
    night.now = TEN
    night.plan(*on)
    check(night, world)
    held = {segment for (segment,) in night.rows("select segment from activation.hold")}
    assert not held & {segment for *_, segment in claimed}


def lose_the_first(client: Post) -> Any:
    def lose(_key: str, _batch: object) -> None:
        client.after = None
        raise DeliveryUnknown("cut")

    return lose
