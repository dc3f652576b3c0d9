"""The company on loopback: fake platforms with state over one seeded world that knows who is who.

with running_sandbox(people=200, seed=7, business_date=date(2026, 11, 20)) as sandbox:
    sandbox.connection("tmall")               # quanyu.contracts.Connection
    sandbox.fault("tmall", "throttle")        # the next call is refused in the platform's own words
    sandbox.clear("tmall")                    # and no longer
    sandbox.advance_to(date(2026, 11, 21))    # another day has passed
    sandbox.world.truth                       # (account_type, scope, account_id) -> person
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox


@contextmanager
def running_sandbox(
    people: int = 200, seed: int = 7, business_date: date = date(2026, 11, 20), history_days: int = 30
) -> Iterator[Sandbox]:
    """Serve a world from a thread of its own until the block ends."""
    from tests.sandbox.server import Sandbox
    from tests.sandbox.world import World

    sandbox = Sandbox.of(World.generate(people, seed, business_date, history_days))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(sandbox.start(), loop).result(timeout=30)
        yield sandbox
    finally:
        asyncio.run_coroutine_threadsafe(sandbox.stop(), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=30)
        loop.close()
