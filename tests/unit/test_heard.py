"""The brand's own collector of what platforms push."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from quanyu.errors import Retryable
from quanyu.heard import Heard, collected, kept
from tests.fixtures.source_server import Reply, says, scripted


def test_pushed_bodies_are_asked_for_in_the_query() -> None:
    with scripted(says([{"MsgID": "1"}])) as server:
        assert collected(f"{server.url}/events", event="E", since="2026-11-21") == [{"MsgID": "1"}]
        assert server.calls[0].path == "/events?event=E&since=2026-11-21"


@pytest.mark.parametrize("reply", [says({"rows": []}), says(["1"]), Reply(body="<html>"), says(None)])
def test_an_answer_that_is_no_array_of_objects_names_the_collector(reply: Reply) -> None:
    with scripted(reply) as server, pytest.raises(Retryable, match="/events") as caught:
        collected(f"{server.url}/events")
    assert caught.value.remedy


def test_neither_who_answered_nor_what_shows_in_a_log() -> None:
    said: Any = Heard(address="13900000000", said="不要再发了", at=datetime(2026, 11, 21, tzinfo=UTC), cursor="7")
    assert "13900000000" not in repr(said)
    assert "不要" not in repr(said)


@pytest.mark.parametrize("read", [0, 2])
def test_rows_that_are_handed_out_once_are_kept_when_a_later_call_fails(read: int) -> None:
    def rows() -> Iterator[int]:
        yield from range(read)
        raise Retryable("no answer")

    if read:
        assert list(kept(rows())) == [0, 1]
    else:
        with pytest.raises(Retryable):
            list(kept(rows()))
