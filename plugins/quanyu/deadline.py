"""Until when calls may be made: the end of a send window binds each call of a batch, repeats included."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from quanyu.errors import TooLate

_ENDS: ContextVar[float] = ContextVar("ends", default=math.inf)


@contextmanager
def within(span: timedelta) -> Iterator[None]:
    """Let nothing in this block begin a call after `span`; `quanyu.transport` and `quanyu.fan` ask before each."""
    token = _ENDS.set(time.monotonic() + span.total_seconds())
    try:
        yield
    finally:
        _ENDS.reset(token)


def ends() -> float:
    """When it ends, in seconds of `time.monotonic`: for another thread or loop, which does not see the block."""
    return _ENDS.get()


def require(*, after: float = 0.0) -> None:
    """Raise TooLate when no call may begin in `after` seconds."""
    if time.monotonic() + after >= _ENDS.get():
        raise TooLate
