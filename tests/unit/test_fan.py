"""Many calls at a time: each message has its own outcome, a pace is kept, and being told to stop stops everything."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest
from aiohttp import web

from quanyu import deadline
from quanyu.contracts import Connection, Message, Receipt, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Retryable, Throttled, TooLate
from quanyu.fan import Answer, Call, Fan
from quanyu.settings import utc_now


class Platform:
    """Answers each path as told; `seen` is what arrived, and when."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []
        self.answer: Callable[[web.Request], Awaitable[web.Response]] = self._fine
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def paths(self) -> list[str]:
        """Which paths were called, in order."""
        return [path for path, _ in self.seen]

    @staticmethod
    async def _fine(request: web.Request) -> web.Response:
        return web.json_response({"id": f"id-{request.path[1:]}"})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path, time.monotonic()))
        return await self.answer(request)

    def _serve(self) -> None:
        async def start() -> None:
            app = web.Application()
            app.router.add_route("*", "/{tail:.*}", self._handle)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()


@pytest.fixture
def platform() -> Iterator[Platform]:
    found = Platform()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def messages(count: int) -> list[Message]:
    return [Message(key=f"{number}", address=f"a{number}", template="") for number in range(count)]


def call_of(message: Message) -> Call:
    return Call("POST", f"/{message.key}", json={"to": message.address})


def receipt_of(message: Message, answer: Answer) -> Receipt:
    body = answer.json()
    return Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=str(body["id"]))


def fan(platform: Platform, *, pace: float = 5000, at_once: int = 8) -> Fan:
    where = Connection(name="fan", url=platform.url, extra={"requests_per_second": pace})
    return Fan.of(where, at_once=at_once)


def test_every_message_has_its_own_receipt(platform: Platform) -> None:
    with fan(platform) as many:
        receipts = many.deliver(messages(50), call_of, receipt_of)
    assert {receipt.key: receipt.provider_id for receipt in receipts} == {str(n): f"id-{n}" for n in range(50)}
    assert len(platform.seen) == 50


def test_calls_are_made_side_by_side(platform: Platform) -> None:
    inside = 0
    most = 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.05)
        inside -= 1
        return web.json_response({"id": "1"})

    platform.answer = slow
    with fan(platform, at_once=8) as many:
        many.deliver(messages(32), call_of, receipt_of)
    assert most == 8


def test_no_second_holds_more_calls_than_the_pace_allows(platform: Platform) -> None:
    # By the clock of who calls: on a busy machine calls arrive in bunches.
    times: list[float] = []

    def timed(message: Message) -> Call:
        times.append(time.monotonic())
        return call_of(message)

    with fan(platform, pace=200, at_once=32) as many:
        many.deliver(messages(300), timed, receipt_of)
    assert max(sum(start <= moment < start + 1 for moment in times) for start in times) <= 200


def test_a_lost_answer_leaves_its_own_message_unknown_and_no_other(platform: Platform) -> None:
    async def cuts(request: web.Request) -> web.Response:
        if request.path == "/3":
            assert request.transport is not None
            request.transport.abort()
        return await Platform._fine(request)

    platform.answer = cuts
    with fan(platform) as many:
        verdicts = {one.key: one.verdict for one in many.deliver(messages(6), call_of, receipt_of)}
    assert verdicts.pop("3") is Verdict.UNKNOWN
    assert set(verdicts.values()) == {Verdict.ACCEPTED}
    assert platform.paths().count("/3") == 1, "what may have arrived is not called again"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failing_gateway_leaves_doubt(platform: Platform, status: int) -> None:
    async def ill(_: web.Request) -> web.Response:
        return web.Response(status=status)

    platform.answer = ill
    with fan(platform) as many:
        assert {one.verdict for one in many.deliver(messages(3), call_of, receipt_of)} == {Verdict.UNKNOWN}


def test_html_instead_of_an_answer_leaves_doubt(platform: Platform) -> None:
    async def ill(_: web.Request) -> web.Response:
        return web.Response(text="<html>maintenance</html>", content_type="text/html")

    platform.answer = ill
    with fan(platform) as many:
        assert {one.verdict for one in many.deliver(messages(3), call_of, receipt_of)} == {Verdict.UNKNOWN}


def test_nothing_happened_is_tried_again_with_a_new_call(platform: Platform, waits: list[float]) -> None:
    async def busy_once(request: web.Request) -> web.Response:
        return web.json_response({"busy": True} if platform.paths().count(request.path) == 1 else {"id": "1"})

    def reads(message: Message, answer: Answer) -> Receipt:
        if answer.json().get("busy"):
            raise Retryable("busy.")
        return receipt_of(message, answer)

    made: list[str] = []

    def counting(message: Message) -> Call:
        made.append(message.key)
        return call_of(message)

    platform.answer = busy_once
    with fan(platform) as many:
        receipts = many.deliver(messages(3), counting, reads)
    assert [one.verdict for one in receipts] == [Verdict.ACCEPTED] * 3
    assert sorted(made) == ["0", "0", "1", "1", "2", "2"]
    assert waits, "no second round without a wait"


def test_a_platform_that_often_says_not_so_fast_gets_everything_in_the_end(platform: Platform) -> None:
    async def every_third(request: web.Request) -> web.Response:
        return web.Response(status=429) if len(platform.seen) % 3 == 0 else await Platform._fine(request)

    platform.answer = every_third
    with fan(platform, at_once=1) as many:
        receipts = many.deliver(messages(40), call_of, receipt_of)
    assert [one.verdict for one in receipts] == [Verdict.ACCEPTED] * 40


def test_what_stays_busy_is_put_off_and_the_others_are_not_held_up(platform: Platform) -> None:
    def reads(message: Message, answer: Answer) -> Receipt:
        if message.key == "1":
            raise Retryable("busy.")
        return receipt_of(message, answer)

    with fan(platform) as many:
        verdicts = {one.key: one.verdict for one in many.deliver(messages(3), call_of, reads)}
    assert verdicts == {"0": Verdict.ACCEPTED, "1": Verdict.LATER, "2": Verdict.ACCEPTED}


def test_after_retry_after_no_call_is_made_and_what_was_said_is_kept(platform: Platform) -> None:
    async def enough(request: web.Request) -> web.Response:
        if len(platform.seen) > 10:
            return web.Response(status=429, headers={"retry-after": "3600"})
        return await Platform._fine(request)

    platform.answer = enough
    with fan(platform, at_once=2) as many, pytest.raises(Throttled) as caught:
        many.deliver(messages(100), call_of, receipt_of)
    assert len(caught.value.receipts) == 10
    assert len(platform.seen) <= 12, "at most the calls that were under way"
    assert caught.value.until is not None
    assert caught.value.until > utc_now() + timedelta(minutes=50)


def test_a_throttle_without_a_time_is_waited_out(platform: Platform, waits: list[float]) -> None:
    async def once(request: web.Request) -> web.Response:
        return web.Response(status=429) if len(platform.seen) == 3 else await Platform._fine(request)

    platform.answer = once
    with fan(platform, at_once=1) as many:
        receipts = many.deliver(messages(5), call_of, receipt_of)
    assert {one.verdict for one in receipts} == {Verdict.ACCEPTED}
    assert len(receipts) == 5
    assert waits


def test_what_needs_a_person_stops_all_and_keeps_what_was_said(platform: Platform) -> None:
    def reads(message: Message, answer: Answer) -> Receipt:
        if message.key == "2":
            raise NeedsPerson("no such account.", remedy="authorise again.")
        return receipt_of(message, answer)

    with fan(platform, at_once=1) as many, pytest.raises(NeedsPerson) as caught:
        many.deliver(messages(9), call_of, reads)
    assert [one.key for one in caught.value.receipts] == ["0", "1"]
    assert platform.paths() == ["/0", "/1", "/2"]


def test_a_message_may_be_refused_without_a_call(platform: Platform) -> None:
    def refuses(message: Message) -> Call | Receipt:
        if message.key == "1":
            return Receipt(key=message.key, verdict=Verdict.REFUSED, code="too long")
        return call_of(message)

    with fan(platform) as many:
        verdicts = {one.key: one.verdict for one in many.deliver(messages(3), refuses, receipt_of)}
    assert verdicts == {"0": Verdict.ACCEPTED, "1": Verdict.REFUSED, "2": Verdict.ACCEPTED}
    assert sorted(platform.paths()) == ["/0", "/2"]


def test_a_platform_that_is_down_got_nothing(platform: Platform) -> None:
    where = Connection(name="fan", url="http://127.0.0.1:9", extra={"requests_per_second": 1000})
    with Fan.of(where) as many, pytest.raises(Retryable) as caught:
        many.deliver(messages(3), call_of, receipt_of)
    assert not isinstance(caught.value, DeliveryUnknown)
    assert caught.value.receipts == []


def test_a_redirect_is_not_followed(platform: Platform) -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"location": "http://127.0.0.1:9/"})

    platform.answer = elsewhere
    with fan(platform) as many, pytest.raises(ConfigurationError, match="redirect"):
        many.deliver(messages(3), call_of, receipt_of)


def test_a_connection_without_a_url_is_named() -> None:
    with pytest.raises(ConfigurationError, match="URL"):
        Fan.of(Connection(name="fan", url=""))


def test_a_name_that_leads_inside_is_no_connection_where_only_the_open_internet_is_meant(platform: Platform) -> None:
    inside = platform.url.replace("127.0.0.1", "localhost")
    where = Connection(name="fan", url=inside, extra={"requests_per_second": 1000})
    with Fan.of(where, is_public=True) as many, pytest.raises(Retryable):
        many.deliver(messages(2), call_of, receipt_of)
    assert platform.seen == []
    with Fan.of(where) as many:
        assert len(many.deliver(messages(2), call_of, receipt_of)) == 2


def test_no_call_begins_after_the_deadline_and_what_was_said_before_is_kept(platform: Platform) -> None:
    with (
        fan(platform, pace=0.5) as many,
        deadline.within(timedelta(seconds=1)),
        pytest.raises(TooLate) as caught,
    ):
        many.deliver(messages(3), call_of, receipt_of)
    assert [f"/{receipt.key}" for receipt in caught.value.receipts] == platform.paths() == ["/0"]
