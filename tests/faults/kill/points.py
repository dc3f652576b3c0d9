"""What a process does to the world, numbered: before and after every HTTP call, SQL statement and commit.

A call by httpx has a third point, `written`: the request has left and no answer was read. aiohttp tells of no such
moment, so a call by `quanyu.fan` has the two around it.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import aiohttp
import httpx
import psycopg
from psycopg import sql

At = Callable[[int, str], None]
"""Told the number of a point, from 0, and what happens there, e.g. `after commit`."""

_LONGEST_LABEL = 70
_CALL = re.compile(r"(before|written|after) (GET|POST) ")


@contextmanager
def numbered(at: At) -> Iterator[None]:
    """Call `at` at every point that this process passes within the block, from whichever thread."""
    turn, passed = threading.Lock(), 0

    def point(label: str) -> None:
        nonlocal passed
        with turn:
            number, passed = passed, passed + 1
        at(number, label)

    with ExitStack() as patched:
        for owner, name, label in (
            (psycopg.Cursor, "execute", _statement),
            (psycopg.Cursor, "executemany", _statement),
            (psycopg.Connection, "commit", lambda *_: "commit"),
        ):
            patched.enter_context(patch.object(owner, name, _around(getattr(owner, name), label, point)))
        patched.enter_context(patch.object(psycopg.Cursor, "copy", _around_copy(psycopg.Cursor.copy, point)))
        handle = _around_call(httpx.HTTPTransport.handle_request, point)
        patched.enter_context(patch.object(httpx.HTTPTransport, "handle_request", handle))
        patched.enter_context(patch.object(aiohttp.ClientSession, "__init__", _traced(point)))
        yield


def chosen(labels: Sequence[str], seen: set[str] | None) -> Iterator[tuple[int, str]]:
    """Points by number: all of them, or with `seen`, the statements of earlier attempts, those of a short form.

    That leaves out what comes before a statement or commit, where the world is as it was after the last one; a
    statement that was seen; and of equal calls all but the first and the last.
    """
    last = {label: number for number, label in enumerate(labels)}
    calls = set[str]()
    for number, label in enumerate(labels):
        if _CALL.match(label):
            is_new = label not in calls or number == last[label]
            calls.add(label)
        else:
            is_new = label.startswith("after ") and (seen is None or label not in seen)
        if seen is None or is_new or label == "after commit":
            yield number, label
        if seen is not None:
            seen.add(label)


def _around(original: Any, label: Callable[..., str], point: Callable[[str], None]) -> Any:
    @functools.wraps(original)
    def wrapped(self: Any, *given: Any, **named: Any) -> Any:
        said = label(*given)
        point(f"before {said}")
        answer = original(self, *given, **named)
        point(f"after {said}")
        return answer

    return wrapped


def _around_copy(original: Any, point: Callable[[str], None]) -> Any:
    @contextmanager
    def wrapped(self: Any, *given: Any, **named: Any) -> Iterator[Any]:
        said = _statement(*given)
        point(f"before {said}")
        with original(self, *given, **named) as copy:
            yield copy
        point(f"after {said}")

    return wrapped


def _around_call(original: Any, point: Callable[[str], None]) -> Any:
    """https://www.encode.io/httpcore/extensions/#trace."""

    @functools.wraps(original)
    def wrapped(self: Any, request: httpx.Request) -> httpx.Response:
        said = f"{request.method} {request.headers.get('x-acs-action', request.url.path)}"
        told = {
            "http11.send_request_body.complete": f"written {said}",
            "http11.receive_response_body.complete": f"after {said}",
        }

        def trace(event: str, _info: Any) -> None:
            if label := told.get(event):
                point(label)

        point(f"before {said}")
        request.extensions = {**request.extensions, "trace": trace}
        answer: httpx.Response = original(self, request)
        return answer

    return wrapped


def _traced(point: Callable[[str], None]) -> Any:
    """https://docs.aiohttp.org/en/stable/tracing_reference.html."""
    original = aiohttp.ClientSession.__init__

    async def before(_session: aiohttp.ClientSession, _: SimpleNamespace, call: Any) -> None:
        point(f"before {call.method} {call.url.path}")

    async def after(_session: aiohttp.ClientSession, _: SimpleNamespace, call: Any) -> None:
        point(f"after {call.method} {call.url.path}")

    @functools.wraps(original)
    def wrapped(self: aiohttp.ClientSession, *given: Any, **named: Any) -> None:
        tracing = aiohttp.TraceConfig()
        tracing.on_request_start.append(before)
        tracing.on_request_end.append(after)
        original(self, *given, **named, trace_configs=[tracing])

    return wrapped


def _statement(query: Any, *_: Any) -> str:
    """A statement's first words; the values stay out of it."""
    text = query.as_string() if isinstance(query, sql.Composable) else str(query)
    return " ".join(text.split())[:_LONGEST_LABEL]
