"""Addresses for whose sake a platform refuses the whole call: the others are delivered, the bad ones have its code."""

from __future__ import annotations

import hmac
from collections import Counter

import pytest

from tests.faults.kill import ours
from tests.faults.kill.provider import SENDS, Platforms
from tests.faults.kill.stage import SEGMENT, Stage, kinds, one_id_of
from tests.fixtures.activation_night import DAY, KEY

PEOPLE = 1_000
POISON = (1, 17, 999)
"""Places in the order of sending."""


@pytest.mark.parametrize(
    ("name", "largest_batch", "code"),
    [("official_account_mass", PEOPLE, "40003"), ("aliyun_sms", 100, "isv.MOBILE_NUMBER_ILLEGAL")],
)
def test_three_bad_addresses_of_a_thousand_hold_nobody_back(
    dsn: str, platforms: Platforms, name: str, largest_batch: int, code: str
) -> None:
    in_order = sorted(
        range(PEOPLE),
        key=lambda number: hmac.digest(
            hmac.digest(KEY, b"message", "sha256"), f"{one_id_of(number)}|{name}|{SEGMENT}|1|{DAY}".encode(), "sha256"
        ),
    )
    bad = [in_order[place - 1] for place in POISON]
    stage = Stage(dsn, platforms, kinds(largest_batch)[name], PEOPLE, bad=bad)
    stage.begin()
    places = stage.night.rows("select row_number() over (order by sender, key), one_id from activation.message")
    assert {place for place, one_id in places if one_id not in stage.shown} == set(POISON)

    assert ours.attempt(stage) == []

    assert platforms.platform.journal
    refused = [entry for entry in platforms.platform.journal if entry["path"] in SENDS and entry["outcome"] == code]
    assert refused, "the platform refused whole calls"
    codes = stage.night.rows("select one_id, code from activation.message where state = 'failed_final' order by 1")
    assert codes == sorted((one_id_of(number), code) for number in bad)
    assert Counter(stage.provider.log().recipients) == Counter(stage.shown.values())
    outcome = stage.outcome(stage.states())
    assert (outcome.lost, outcome.doubled, outcome.refused, outcome.wrong) == (0, 0, len(POISON), ())
