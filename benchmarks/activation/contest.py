"""The same messages with the full ledger, by a bare aiohttp loop, and by `requests` one after another."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import aiohttp
import psutil
import requests

from benchmarks.activation import night
from benchmarks.activation.provider import Running, running
from quanyu import warehouse
from quanyu.activation import plan, send
from quanyu.contracts import Connection, Message, Receipt, Verdict
from quanyu.fan import Answer, Call, Fan
from quanyu.vault import Vault

AT_ONCE = 64
BATCH = 2_000
CHANNEL = "post"
QUOTA = 500


class Post:
    """The channel's client: one call a message, by `quanyu.fan`."""

    def __init__(self, fan: Fan) -> None:
        self._fan = fan

    def send(self, _: str, batch: list[Message]) -> list[Receipt]:
        """Hand a batch over."""
        return self._fan.deliver(batch, _call, _receipt)

    def ask(self, _: str, batch: list[Message]) -> list[Receipt]:
        """Nothing is known that a repeat would not say."""
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, _: object) -> Iterator[Receipt]:
        """Nothing comes back."""
        return iter(())


def _call(message: Message) -> Call:
    return Call("POST", "/send", json={"to": message.address, "id": message.key})


def _receipt(message: Message, answer: Answer) -> Receipt:
    return Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=str(answer.json()["id"]))


@dataclass
class Memory:
    """Resident memory of this process, in MB, ten times a second."""

    samples: list[float] = field(default_factory=list)

    def growth(self) -> float:
        """How much more it is in the last tenth than after the first, by their medians."""
        tenth = max(1, len(self.samples) // 10)
        early, late = sorted(self.samples[tenth : 2 * tenth]), sorted(self.samples[-tenth:])
        return late[len(late) // 2] - early[len(early) // 2]


def watched(work: Callable[[], None]) -> tuple[float, Memory]:
    """Run `work`; its seconds and the memory of this process meanwhile."""
    memory, is_done, process = Memory(), threading.Event(), psutil.Process()

    def sample() -> None:
        while not is_done.wait(0.1):
            memory.samples.append(process.memory_info().rss / 2**20)

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    is_done.set()
    watcher.join()
    return seconds, memory


def ours(dsn: str, provider: Running, messages: int, *, pace: float) -> tuple[float, Memory]:
    """Send what is planned with the full ledger; raises RuntimeError when one was lost or doubled."""
    night.prepare(dsn, people=messages, segments=1, share=1.0, channels=(CHANNEL,))
    with warehouse.connect(dsn) as connection:
        connection.execute("update marts.fct_consents set is_granted = true")
        connection.execute("update marts.dim_customers set is_minor = false")
    channel = night.channel(CHANNEL, night.nobody, batch=BATCH)
    plan(dsn, night.DAY, {CHANNEL: channel}, night.VAULT_KEY)
    provider.forget()
    where = Connection(name=CHANNEL, url=provider.url, extra={"requests_per_second": pace})
    with Fan.of(where, at_once=AT_ONCE) as fan:
        vault = Vault(night.VAULT_KEY)
        took = watched(lambda: _send(dsn, channel, fan, vault))
    provider.require(messages)
    return took


def _send(dsn: str, channel: night.Channel, fan: Fan, vault: Vault) -> None:
    send(dsn, night.DAY, channel, Post(fan), lambda: night.MORNING, vault)


def bare_loop(provider: Running, messages: int) -> float:
    """As many calls, as many at a time, no ledger and no pace."""
    provider.forget()

    async def run() -> None:
        waiting = iter(range(messages))
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        async with aiohttp.ClientSession(provider.url, connector=connector) as session:

            async def worker() -> None:
                for number in waiting:
                    async with session.post("/send", json={"to": f"o{number}", "id": f"{number:064d}"}) as response:
                        await response.json()

            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(worker())

    began = time.perf_counter()
    asyncio.run(run())
    seconds = time.perf_counter() - began
    provider.require(messages)
    return seconds


def in_sequence(provider: Running, messages: int) -> float:
    """One call after another on one connection."""
    provider.forget()
    began = time.perf_counter()
    with requests.Session() as session:
        session.trust_env = False
        for number in range(messages):
            session.post(f"{provider.url}/send", json={"to": f"o{number}", "id": f"{number:064d}"}, timeout=30).json()
    seconds = time.perf_counter() - began
    provider.require(messages)
    return seconds


def rate_limited(dsn: str, messages: int) -> dict[str, float]:
    """How much of what a provider allows is used, and how often it had to refuse."""
    with running(QUOTA) as provider:
        seconds, _ = ours(dsn, provider, messages, pace=QUOTA)
        refused = provider.seen()["refused"]
    return {"rate_limit_use": messages / seconds / QUOTA, "rate_limit_refused": refused}


def planning(dsn: str, *, people: int, segments: int, share: float) -> dict[str, float]:
    """Plan a night anew; its seconds, decisions and messages."""
    night.prepare(dsn, people=people, segments=segments, share=share, channels=(CHANNEL, "mail"))
    channels = {name: night.channel(name, night.nobody, batch=BATCH) for name in (CHANNEL, "mail")}
    began = time.perf_counter()
    planned = plan(dsn, night.DAY, channels, night.VAULT_KEY)
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "decisions": sum(one.audience for one in planned),
        "messages": sum(one.messages for one in planned),
    }
