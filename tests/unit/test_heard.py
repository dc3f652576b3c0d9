"""The brand's own collector of what platforms push."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from quanyu.errors import Retryable
from quanyu.heard import Heard, collected
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
