"""Addresses for whose sake a platform refuses the whole call: the others are delivered, the bad ones have its code."""

from __future__ import annotations

import hmac
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.faults.kill import ours
from tests.faults.kill.provider import SENDS, Platforms
from tests.faults.kill.stage import SEGMENT, Stage, kinds, one_id_of
from tests.fixtures.activation_night import DAY, KEY

PEOPLE = 1_000
SEED = 3


@dataclass(frozen=True)
class Refusing:
    """A channel whose platform refuses a call for one bad address in it, with this code."""

    name: str
    largest_batch: int
    code: str


MASS = Refusing("official_account_mass", PEOPLE, "40003")
SMS = Refusing("aliyun_sms", 100, "isv.MOBILE_NUMBER_ILLEGAL")


def anywhere(count: int) -> tuple[int, ...]:
    """Places in the order of sending, from 1."""
    return tuple(random.Random(SEED).sample(range(1, PEOPLE + 1), count))


@pytest.mark.parametrize(
    ("channel", "places"),
    [
        pytest.param(channel, places, id=f"{channel.name}-{told}")
        for channel, most in ((MASS, PEOPLE - 2), (SMS, PEOPLE - 1))  # a mass send takes two people at least
        for told, places in {
            "places-1-17-999": (1, 17, 999),
            **{f"{count}-of-1000-seed-{SEED}": anywhere(count) for count in (1, 17, most)},
        }.items()
    ],
)
def test_bad_addresses_of_a_thousand_hold_nobody_back(
    dsn: str, platforms: Platforms, channel: Refusing, places: Sequence[int]
) -> None:
    in_order = sorted(
        range(PEOPLE),
        key=lambda number: hmac.digest(
            hmac.digest(KEY, b"message", "sha256"),
            f"{one_id_of(number)}|{channel.name}|{SEGMENT}|1|{DAY}".encode(),
            "sha256",
        ),
    )
    bad = [in_order[place - 1] for place in places]
    stage = Stage(dsn, platforms, kinds(channel.largest_batch)[channel.name], PEOPLE, bad=bad)
    stage.begin()
    planned = stage.night.rows("select row_number() over (order by sender, key), one_id from activation.message")
    assert {place for place, one_id in planned if one_id not in stage.shown} == set(places)

    assert ours.attempt(stage) == []

    assert platforms.platform.journal
    refused = [
        entry for entry in platforms.platform.journal if entry["path"] in SENDS and entry["outcome"] == channel.code
    ]
    assert refused, "the platform refused whole calls"
    codes = stage.night.rows("select one_id, code from activation.message where state = 'failed_final' order by 1")
    assert codes == sorted((one_id_of(number), channel.code) for number in bad)
    assert Counter(stage.provider.log().recipients) == Counter(stage.shown.values())
    outcome = stage.outcome(stage.states())
    assert (outcome.lost, outcome.doubled, outcome.refused, outcome.wrong) == (0, 0, len(places), ())


def test_the_only_good_address_of_a_thousand_waits_where_a_call_takes_two(dsn: str, platforms: Platforms) -> None:
    stage = Stage(dsn, platforms, kinds(MASS.largest_batch)[MASS.name], PEOPLE, bad=range(1, PEOPLE))
    stage.begin()
    ours.attempt(stage)
    ours.finish(stage)
    assert Counter(stage.states().values()) == {"failed_final": PEOPLE - 1, "deferred": 1}
    assert stage.night.rows("select one_id, reason from activation.message where state = 'deferred'") == [
        (one_id_of(0), "too few for one call")
    ]
    assert not stage.provider.log().recipients
