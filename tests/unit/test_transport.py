"""One HTTP session: what is repeated, what is waited for, what is never repeated and never shown."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from quanyu import deadline
from quanyu.contracts import SHANGHAI, Connection
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Rejected, Retryable, Throttled, TooLate
from quanyu.local.processes import free_port
from quanyu.transport import Http, json_of, next_midnight, place
from tests.fixtures.source_server import Reply, says, scripted

ILL = [
    pytest.param(Reply(status=502, body="<html>"), id="a 502"),
    pytest.param(Reply(is_cut=True), id="a reset"),
]
UNREADABLE = [
    pytest.param(Reply(body="<html>busy</html>", headers={"content-type": "text/html"}), id="HTML"),
    pytest.param(Reply(body='{"trades": [{"tid": 1'), id="half a page"),
    pytest.param(Reply(body="[1]"), id="a list"),
    pytest.param(Reply(body=""), id="nothing"),
]


@pytest.mark.parametrize("reply", ILL)
def test_a_passing_illness_of_the_platform_is_outlived(reply: Reply) -> None:
    """Two failures, then the answer: three calls and two waits."""
    waits: list[float] = []
    with scripted(reply, reply, says({"ok": 1})) as server, Http(server.url, sleep=waits.append) as http:
        assert json_of(http.request("GET", "/page")) == {"ok": 1}
        assert len(server.calls) == 3
        assert len(waits) >= 2


@pytest.mark.parametrize("reply", [*ILL, *UNREADABLE])
def test_a_lasting_illness_ends_as_retryable_after_bounded_tries(reply: Reply) -> None:
    with scripted(reply) as server, Http(server.url, attempts=3, sleep=_no_wait) as http:
        with pytest.raises(Retryable) as error:
            http.retrying(lambda: json_of(http.exchange("GET", "/page", params={"token": "tok-1"})))
        assert len(server.calls) == 3
        assert "127.0.0.1/page" in str(error.value)
        assert error.value.remedy
        assert "tok-1" not in str(error.value)


def test_a_refused_connection_is_retryable() -> None:
    http = Http(f"http://127.0.0.1:{free_port()}", attempts=2, sleep=_no_wait)
    with http, pytest.raises(Retryable, match="no connection"):
        http.request("GET", "/")


@pytest.mark.parametrize("reply", [*ILL, *UNREADABLE, pytest.param(Reply(delay=2.0), id="no answer in time")])
def test_what_must_not_happen_twice_is_called_once_and_its_fate_is_unknown(reply: Reply) -> None:
    """Anything that goes wrong after the request left may have been carried out."""
    with scripted(reply, says({"ok": 1})) as server, Http(server.url, timeout=0.5, sleep=_no_wait) as http:
        with pytest.raises(DeliveryUnknown):
            http.retrying(
                lambda: json_of(http.exchange("POST", "/send", json={"to": "x"}, repeatable=False), repeatable=False)
            )
        assert len(server.calls) == 1


def test_what_must_not_happen_twice_may_still_be_repeated_when_it_never_left() -> None:
    """A refused connection carried nothing, so it is not unknown."""
    http = Http(f"http://127.0.0.1:{free_port()}", attempts=2, sleep=_no_wait)
    with http, pytest.raises(Retryable):
        http.request("POST", "/send", json={}, repeatable=False)


def test_what_must_not_happen_twice_is_repeated_after_an_explicit_throttle() -> None:
    throttle = Reply(status=429, headers={"retry-after": "7"})
    waits: list[float] = []
    with scripted(throttle, says({"ok": 1})) as server, Http(server.url, sleep=waits.append) as http:
        assert json_of(http.request("POST", "/send", json={}, repeatable=False)) == {"ok": 1}
        assert any(6 < wait <= 7 for wait in waits)


def test_no_call_begins_after_the_deadline_and_nobody_waits_for_it_in_vain() -> None:
    waits: list[float] = []
    throttle = Reply(status=429, headers={"retry-after": "7"})
    with scripted(throttle, says({"ok": 1})) as server, Http(server.url, sleep=waits.append) as http:
        with deadline.within(timedelta(seconds=5)), pytest.raises(TooLate):
            http.request("POST", "/send", json={}, repeatable=False)
        assert len(server.calls) == 1
        assert not any(wait > 1 for wait in waits)
        with deadline.within(timedelta()), pytest.raises(TooLate):
            http.request("POST", "/send", json={}, repeatable=False)
        assert len(server.calls) == 1
        # A deadline ends with its block.
        assert json_of(http.request("POST", "/send", json={}, repeatable=False)) == {"ok": 1}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("spelling", ["seconds", "date"])
def test_no_call_leaves_before_the_time_the_platform_named(status: int, spelling: str) -> None:
    waits: list[float] = []
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=200), usegmt=True)
    throttle = Reply(status=status, headers={"retry-after": "200" if spelling == "seconds" else date})
    with scripted(throttle, says({})) as server, Http(server.url, sleep=waits.append) as http:
        http.request("GET", "/")
        assert any(wait > 100 for wait in waits)
        assert len(server.calls) == 2


def test_a_ban_longer_than_our_patience_is_raised_and_holds_for_the_next_call_too() -> None:
    throttle = Reply(status=429, headers={"retry-after": "86400"})
    with scripted(throttle, says({})) as server, Http(server.url, sleep=_no_wait) as http:
        for _ in range(2):
            with pytest.raises(Throttled) as error:
                http.request("GET", "/")
            assert error.value.until is not None
            assert error.value.until > datetime.now(UTC) + timedelta(hours=23)
        assert len(server.calls) == 1


def test_a_throttle_that_stands_in_the_body_is_waited_for_too() -> None:
    """`retrying` repeats whatever reads the answer."""
    waits: list[float] = []
    with scripted(says({"busy": 1}), says({"ok": 1})) as server, Http(server.url, sleep=waits.append) as http:

        def call() -> dict[str, int]:
            answer = json_of(http.exchange("GET", "/"))
            if "busy" in answer:
                raise Throttled("slow down.", until=datetime.now(UTC) + timedelta(seconds=3))
            return answer

        assert http.retrying(call) == {"ok": 1}
        assert any(2 < wait <= 3 for wait in waits)


@pytest.mark.parametrize("error", [Rejected, NeedsPerson, DeliveryUnknown])
def test_what_repeating_cannot_help_is_not_repeated(error: type[Rejected]) -> None:
    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        raise error("no.")

    with Http("http://127.0.0.1", sleep=_no_wait) as http, pytest.raises(error):
        http.retrying(call)
    assert len(calls) == 1


def test_a_client_error_is_an_answer_for_the_caller_to_read() -> None:
    with scripted(says({"Code": "isv.X"}, status=400)) as server, Http(server.url, sleep=_no_wait) as http:
        response = http.request("POST", "/")
        assert (response.status_code, json_of(response)) == (400, {"Code": "isv.X"})


def test_a_redirect_is_a_wrong_address() -> None:
    reply = Reply(status=301, headers={"location": "https://elsewhere.example/"})
    with (
        scripted(reply) as server,
        Http(server.url, sleep=_no_wait) as http,
        pytest.raises(ConfigurationError, match="redirect"),
    ):
        http.request("GET", "/")


@pytest.mark.parametrize("url", ["", "api.example.com", "http://", "http://host:port"])
def test_a_connection_without_a_usable_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="host"):
        Http(url)


def test_integers_beyond_2_to_53_and_raw_control_characters_survive() -> None:
    reply = Reply(body='{"tid": 2604615437261148287, "title": "a\x01b"}')
    with scripted(reply) as server, Http(server.url, sleep=_no_wait) as http:
        assert json_of(http.request("GET", "/")) == {"tid": 2604615437261148287, "title": "a\x01b"}


GIGABYTES = 2**31
HEADS = {
    "announced": f"HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTES}\r\n\r\n",
    "in chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "until the end": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
}


@contextmanager
def endless(head: str) -> Iterator[tuple[str, list[int]]]:
    """A platform that would send two gigabytes for each call; what left it is noted when the caller hangs up."""
    sent: list[int] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        block = b"10000\r\n" + b" " * 2**16 + b"\r\n" if "chunked" in head else b" " * 2**16
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            with caller:
                caller.recv(2**16)
                size = 0
                try:
                    caller.sendall(head.encode())
                    while size < GIGABYTES:
                        caller.sendall(block)
                        size += len(block)
                except OSError:
                    sent.append(size)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", sent
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_an_answer_of_two_gigabytes_is_refused_without_reading_it(head: str) -> None:
    """Asked once; the platform sees the connection close after a few megabytes."""
    with endless(head) as (url, sent), Http(url, largest_answer=2**20, sleep=_no_wait) as http:
        with pytest.raises(Rejected, match=r"GET 127\.0\.0\.1/bill: .* larger than 1,048,576 bytes") as error:
            http.request("GET", "/bill", params={"token": "tok-1"})
        assert "largest_answer" in error.value.remedy
        assert "tok-1" not in str(error.value)
    assert len(sent) == 1
    assert sent[0] < 2**25


def test_what_must_not_happen_twice_is_unknown_when_its_answer_is_too_large() -> None:
    with (
        endless(HEADS["announced"]) as (url, sent),
        Http(url, largest_answer=2**20, sleep=_no_wait) as http,
        pytest.raises(DeliveryUnknown),
    ):
        http.request("POST", "/send", json={}, repeatable=False)
    assert len(sent) == 1


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused() -> None:
    with (
        _packed(gzip.compress(b" " * 2**22)) as url,
        Http(url, largest_answer=2**20, sleep=_no_wait) as http,
        pytest.raises(Rejected, match="larger than"),
    ):
        http.request("GET", "/")


def test_an_answer_of_just_the_largest_size_is_read_and_a_packed_one_is_unpacked() -> None:
    content = json.dumps({"a": "x" * 2**15})
    where = Connection(name="shop", url="http://127.0.0.1")
    with scripted(Reply(body=content)) as server:
        with Http.of(replace(where, url=server.url), largest_answer=len(content)) as http:
            assert json_of(http.request("GET", "/"))["a"] == "x" * 2**15
        less = Http.of(replace(where, url=server.url), largest_answer=len(content) - 1)
        with less as http, pytest.raises(Rejected):
            http.request("GET", "/")
    with _packed(gzip.compress(content.encode())) as url, Http(url) as http:
        assert json_of(http.request("GET", "/"))["a"] == "x" * 2**15


@contextmanager
def _packed(content: bytes) -> Iterator[str]:
    """A server that answers once, with what gzip made."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(2**16)
                caller.sendall(head + content)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=10)


def test_secrets_and_phones_are_blank_in_errors_and_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Neither our messages nor those of the HTTP library show a URL with a token."""
    caplog.set_level(logging.DEBUG)
    with scripted(says({})) as server, Http(server.url, redact=["app-secret"], attempts=2, sleep=_no_wait) as http:
        http.keep_secret("token-of-today")

        def call() -> None:
            http.exchange("GET", "/", params={"access_token": "token-of-today"})
            raise Retryable("the platform echoes app-secret, token-of-today, 13912345678 and +8613912345678.")

        with pytest.raises(Retryable) as error:
            http.retrying(call)
    for text in (str(error.value), repr(error.value), caplog.text):
        assert "attempt" in text or "echoes" in text
        for secret in ("app-secret", "token-of-today", "12345678"):
            assert secret not in text


def test_a_longer_number_is_no_phone() -> None:
    with Http("http://127.0.0.1") as http:
        assert http.redacted("tid 2604615437261148287, phone 13912345678") == (
            "tid 2604615437261148287, phone 139********"
        )


def test_calls_keep_the_pace_of_the_platform() -> None:
    """Eleven calls at two a second: the waits asked for grow to five seconds."""
    waits: list[float] = []
    with scripted(says({})) as server, Http(server.url, requests_per_second=2, sleep=waits.append) as http:
        for _ in range(11):
            http.request("GET", "/")
        assert max(waits) == pytest.approx(5.0, abs=1.0)


def test_the_pace_of_a_connection_is_its_own() -> None:
    """Quotas differ per app, and only the platform's console shows them."""
    waits: list[float] = []
    with scripted(says({})) as server:
        where = Connection(name="shop", url=server.url, extra={"requests_per_second": 0.5})
        with Http.of(where, sleep=waits.append) as http:
            http.request("GET", "/")
            http.request("GET", "/")
    assert max(waits) == pytest.approx(2.0, abs=0.5)


@pytest.mark.parametrize("pace", ["fast", 0, -1, None])
def test_a_pace_that_is_no_number_is_a_wrong_setting(pace: object) -> None:
    where = Connection(name="shop", url="http://127.0.0.1", extra={"requests_per_second": pace})
    with pytest.raises(ConfigurationError, match="requests_per_second"):
        Http.of(where)


def test_the_innermost_place_names_an_error() -> None:
    with pytest.raises(Rejected) as error, place("tmall.trades 2026-11-20"), place("page 3"):
        raise Rejected("no.")
    assert str(error.value) == "page 3: no."


def test_a_proxy_of_the_environment_does_not_catch_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with scripted(says({})) as server, Http(server.url, sleep=_no_wait) as http:
        assert http.request("GET", "/").status_code == httpx.codes.OK


def _no_wait(_seconds: float) -> None:
    return None


@pytest.mark.parametrize(("now", "day"), [("2026-11-20T15:59:59+00:00", 21), ("2026-11-20T16:00:00+00:00", 22)])
def test_daily_limits_begin_anew_at_midnight_in_shanghai(now: str, day: int) -> None:
    assert next_midnight(datetime.fromisoformat(now)) == datetime(2026, 11, day, tzinfo=SHANGHAI)
