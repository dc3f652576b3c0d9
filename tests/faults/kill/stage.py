"""A planned night on one channel, to be played again and again; what ledger and platform say of each person."""

from __future__ import annotations

import mmap
import struct
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from psycopg import sql

from quanyu import warehouse
from quanyu.activation.restored import ClaimLog
from quanyu.channels import aliyun_sms, official_account_mass
from quanyu.contracts import Channel, Connection, Neither, Personal
from quanyu.settings import utc_now
from quanyu.warehouse import copy_rows
from tests.faults.kill import letterbox
from tests.faults.kill.provider import STRANGER, Platforms, Provider
from tests.fixtures.activation_night import Night

SEGMENT = "seg_quiet"
REJECTED = 33
"""One address in so many is refused by its platform: 3 %."""

_REST_STATES = ("sent", "delivered", "failed_final", "parked")


class Time:
    """Real time and what was let pass, the same for every fork that is alive; sleeping passes time and takes none."""

    def __init__(self) -> None:
        self._passed = mmap.mmap(-1, 8)

    @property
    def passed(self) -> float:
        """Seconds."""
        return float(struct.unpack("d", self._passed[:8])[0])

    def elapse(self, seconds: float) -> None:
        """Let time pass."""
        self._passed[:8] = struct.pack("d", self.passed + seconds)

    def now(self) -> datetime:
        """Now."""
        return utc_now() + timedelta(seconds=self.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A channel to try: its smallest useful night, and how its platform knows people."""

    channel: Channel
    template: str
    good: Callable[[int], str]
    bad: Callable[[int], str]

    @property
    def is_certain(self) -> bool:
        """Whether its platform drops repeats or can be asked, so that nothing needs a person."""
        return not isinstance(self.channel.ability, Neither)


def kinds(largest_batch: int) -> Mapping[str, Kind]:
    """One channel of each ability, in batches small enough that a night has many."""
    found = (
        Kind(
            channel=replace(aliyun_sms.CHANNEL, largest_batch=largest_batch),
            template="SMS_480010001",
            good=lambda number: f"138{number:08d}",
            bad=lambda number: f"+85265{number:06d}",
        ),
        Kind(
            channel=replace(official_account_mass.CHANNEL, largest_batch=largest_batch),
            template="好久不见",
            good=lambda number: f"oFan{number:06d}",
            bad=lambda number: f"{STRANGER}{number:06d}",
        ),
        Kind(
            channel=replace(letterbox.CHANNEL, largest_batch=largest_batch),
            template="好久不见",
            good=lambda number: f"house{number:06d}",
            bad=lambda number: f"{letterbox.NOBODY}{number:06d}",
        ),
    )
    return {kind.channel.name: kind for kind in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """People of a night, by what became of them. `wrong` says where the ledger and the platform's log disagree."""

    messages: int
    lost: int = 0
    doubled: int = 0
    parked: int = 0
    refused: int = 0
    replies_lost: int = 0
    wrong: tuple[str, ...] = ()


@dataclass
class Stage:
    """A night of `messages` people, some of whom the platform refuses: `bad`, or every `REJECTED`th."""

    dsn: str
    provider: Provider | Platforms
    kind: Kind
    messages: int
    bad: Collection[int] | None = None
    claim_log: ClaimLog | None = None
    time: Time = field(default_factory=Time)
    night: Night = field(init=False)
    shown: dict[str, str] = field(default_factory=dict)
    """One-ID -> how the platform shows the person; those it refuses are not in it."""
    where: Connection = field(init=False)

    def __post_init__(self) -> None:
        self.night = Night(self.dsn)
        self._people()
        self.night.segment(
            SEGMENT,
            [one_id_of(number) for number in range(self.messages)],
            channels=[self.kind.channel.name],
            templates={self.kind.channel.name: self.kind.template},
        )
        self.night.plan(self.kind.channel)
        if held := [state for state in self.states().values() if state != "pending"]:
            raise RuntimeError(f"{len(held)} of {self.messages} messages are {held[0]} before anybody sends")
        self._keep()

    def begin(self, *, lost: float = 0.0, seed: int = 0) -> None:
        """The night as it was planned, and a platform that has heard of nobody; `lost` is a share of its replies."""
        with warehouse.connect(self.dsn) as connection:
            connection.execute("set local synchronous_commit = on")
            # The ledger's own rules let no message begin as anything but planned.
            connection.execute("set local session_replication_role = replica")
            for table in map(sql.Identifier, self._tables()):
                # Not truncate: new files for each table and index take longer than all the rest of a small night.
                connection.execute(sql.SQL("delete from activation.{}").format(table))
                copied = sql.SQL("insert into activation.{} select * from planned.{}")
                connection.execute(copied.format(table, table))
        self.where = self.provider.begin(self.kind.channel.name, lost=lost, seed=seed)

    def elapse(self, span: timedelta) -> None:
        """Let time pass here and at the platform."""
        self.time.elapse(span.total_seconds())
        self.provider.elapse(span.total_seconds())

    def bury(self) -> None:
        """Wait until Postgres has noticed that a killed sender is gone, and let go of what it had in hand."""
        others = (
            "select count(*) from pg_stat_activity"
            " where backend_type = 'client backend' and datname = current_database() and pid <> pg_backend_pid()"
        )
        while self.night.one(others):
            time.sleep(0.002)

    def states(self) -> Mapping[str, str]:
        """One-ID -> state in the ledger."""
        return self.night.states()

    def waiting(self) -> int:
        """How many messages are neither out nor in a person's hands."""
        return sum(state not in _REST_STATES for state in self.states().values())

    def outcome(self, states: Mapping[str, str]) -> Outcome:
        """Compare, person by person, what is believed of each (One-ID -> state) with what the platform delivered."""
        log = self.provider.log()
        came = Counter(log.recipients)
        lost, doubled, wrong = 0, 0, []
        for one_id, state in sorted(states.items()):
            times = came[self.shown[one_id]] if one_id in self.shown else 0
            lost += one_id in self.shown and not times and state != "parked"
            doubled += times > 1
            if not _agree(state, times):
                wrong.append(f"{one_id}: the ledger says {state}, the platform delivered {times} times")
        strangers = set(came) - set(self.shown.values())
        wrong += [f"{len(strangers)} deliveries to people who are not in the night"] if strangers else []
        counts = Counter(states.values())
        if self.kind.is_certain and counts["parked"]:
            wrong.append(f"{counts['parked']} are parked although the platform could be asked or drops repeats")
        return Outcome(
            messages=len(states),
            lost=lost,
            doubled=doubled,
            parked=counts["parked"],
            refused=counts["failed_final"],
            replies_lost=log.replies_lost,
            wrong=tuple(wrong),
        )

    def _people(self) -> None:
        name, vault = self.kind.channel.name, self.night.vault
        is_phone = self.kind.channel.address_type == "phone"
        every_so_many = range(min(REJECTED, self.messages) // 2, self.messages, REJECTED)
        bad = every_so_many if self.bad is None else self.bad
        rows, tokens = [], []
        for number in range(self.messages):
            one_id = one_id_of(number)
            is_bad = number in bad
            address = self.kind.bad(number) if is_bad else self.kind.good(number)
            if not is_bad:
                self.shown[one_id] = address
            if is_phone:
                tokens.append(vault.tokenise(Personal.PHONE, address))
                address = tokens[-1].token
            rows.append((one_id, name, address))
        with warehouse.connect(self.dsn) as connection:
            vault.store(connection, tokens)
            addresses = sql.Identifier("marts", "bridge_customer_addresses")
            copy_rows(connection, addresses, ("one_id", "channel", "address"), rows)
            consents = [(one_id, "marketing", name, True) for one_id, _, _ in rows]
            columns = ("one_id", "purpose", "channel", "is_granted")
            copy_rows(connection, sql.Identifier("marts", "fct_consents"), columns, consents)

    def _keep(self) -> None:
        with warehouse.connect(self.dsn) as connection:
            connection.execute("create schema planned")
            for table in self._tables():
                copied = sql.SQL("create table planned.{} as table activation.{}")
                connection.execute(copied.format(sql.Identifier(table), sql.Identifier(table)))

    def _tables(self) -> list[str]:
        query = "select tablename from pg_tables where schemaname = 'activation' order by tablename"
        return [name for (name,) in self.night.rows(query)]


def one_id_of(number: int) -> str:
    """The One-ID of the night's person of that number."""
    return f"p{number:05d}"


def _agree(state: str, times: int) -> bool:
    """Whether the ledger tells the truth at the end, when nothing may be under way any more."""
    match state:
        case "sent" | "delivered":
            return times == 1
        case "failed_final":
            return times == 0
        case "parked":
            return times <= 1
        case _:
            return False
