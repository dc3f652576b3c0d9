"""Aliyun's signature as Aliyun publishes it, and the search for the recipients that spoil a whole call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanyu.aliyun import Refused, authorization, halving
from quanyu.contracts import Message, Verdict
from quanyu.errors import DeliveryUnknown, Throttled

VECTORS = [
    vector
    for vector in json.loads(
        (Path(__file__).parents[1] / "fixtures" / "signing_vectors_messaging.json").read_text(encoding="utf-8")
    )
    if vector["algorithm"] == "ACS3-HMAC-SHA256"
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["params"]["headers"]["x-acs-action"])
def test_the_signature_is_what_aliyun_and_its_sdk_compute(vector: dict[str, Any]) -> None:
    given = vector["params"]
    made = authorization(given["access_key_id"], vector["secret"], given["query"], given["headers"])
    assert made == vector["expected"]


def test_there_are_vectors() -> None:
    assert {vector["params"]["headers"]["x-acs-action"] for vector in VECTORS} >= {"SendBatchSms", "QuerySendDetails"}


class Call:
    """A call that takes all of its recipients or none; the one numbered `broken` fails as told."""

    def __init__(self, bad: set[str], broken: int = 0, error: Exception | None = None) -> None:
        self.bad = bad
        self.broken = broken
        self.error = error
        self.made = 0
        self.taken: list[str] = []

    def __call__(self, part: Sequence[Message]) -> str:
        self.made += 1
        if self.error is not None and self.made == self.broken:
            raise self.error
        if any(message.address in self.bad for message in part):
            raise Refused("no", code="bad")
        self.taken += [message.address for message in part]
        return f"id-{self.made}"


def batch(count: int) -> list[Message]:
    return [Message(key=f"key-{number}", address=str(number), template="t") for number in range(count)]


@given(st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1)))))
def test_the_good_get_theirs_once_and_each_bad_one_is_refused(case: tuple[int, set[int]]) -> None:
    size, bad = case
    call = Call({str(number) for number in bad})
    receipts = {receipt.key: receipt for receipt in halving(batch(size), call)}
    assert sorted(call.taken, key=int) == [str(number) for number in range(size) if number not in bad]
    for number in range(size):
        expected = Verdict.REFUSED if number in bad else Verdict.ACCEPTED
        assert receipts[f"key-{number}"].verdict is expected


@pytest.mark.parametrize(("bad", "most"), [(0, 1), (1, 21), (17, 250), (999, 2_000)])
def test_few_bad_ones_in_a_thousand_are_found_in_few_calls(bad: int, most: int) -> None:
    spread = {str(number * 1000 // bad) for number in range(bad)} if bad else set()
    call = Call(spread)
    halving(batch(1000), call)
    assert len(call.taken) == 1000 - bad
    assert call.made <= most


def test_a_throttle_half_way_keeps_what_went_out() -> None:
    """The whole is refused, the first half taken, the second throttled."""
    call = Call({"3"}, broken=3, error=Throttled("slower"))
    with pytest.raises(Throttled) as caught:
        halving(batch(4), call)
    assert {(one.key, one.verdict) for one in caught.value.receipts} == {
        ("key-0", Verdict.ACCEPTED),
        ("key-1", Verdict.ACCEPTED),
    }


def test_a_lost_answer_leaves_its_part_in_doubt_and_the_rest_for_later() -> None:
    """Refused whole, refused first half, its first quarter taken, its second lost; the last half never went."""
    call = Call({"1"}, broken=4, error=DeliveryUnknown("lost"))
    said = {receipt.key: receipt.verdict for receipt in halving(batch(4), call)}
    assert said == {
        "key-0": Verdict.ACCEPTED,
        "key-1": Verdict.UNKNOWN,
        "key-2": Verdict.LATER,
        "key-3": Verdict.LATER,
    }
