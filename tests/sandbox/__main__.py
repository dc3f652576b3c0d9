"""Serve the sandbox until interrupted, and write its addresses to the state file."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from datetime import date
from pathlib import Path

from tests.sandbox.server import Sandbox
from tests.sandbox.world import World


def main() -> None:
    """Generate the world, serve it, say where."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--date", type=date.fromisoformat, default=date(2026, 11, 20), help="the first business date")
    parser.add_argument("--history-days", type=int, default=30)
    parser.add_argument("--state", type=Path, default=Path("var/sandbox.json"), help="where the addresses are written")
    options = parser.parse_args()
    world = World.generate(options.people, options.seed, options.date, options.history_days)
    asyncio.run(_serve(Sandbox.of(world), options.state))


async def _serve(sandbox: Sandbox, state: Path) -> None:
    """Listen, write the state file last (whoever waits for it may connect), remove it on the way out."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await sandbox.start()
    state.parent.mkdir(parents=True, exist_ok=True)
    half = state.with_suffix(".tmp")
    half.touch(mode=0o600)
    half.write_text(json.dumps(_addresses(sandbox), indent=1))
    half.replace(state)
    try:
        await stopped.wait()
    finally:
        state.unlink(missing_ok=True)
        await sandbox.stop()


def _addresses(sandbox: Sandbox) -> dict[str, object]:
    """The control port, the connections a company switches on, and those that would bring the same a second time."""
    also = {name for name, platform in sandbox.platforms.items() if platform.alternative_to}
    fields = sandbox.connections
    return {
        "connections": {name: fields[name] for name in fields if name not in also},
        "alternatives": {name: fields[name] for name in fields if name in also},
        "control": sandbox.control,
    }


if __name__ == "__main__":
    main()
