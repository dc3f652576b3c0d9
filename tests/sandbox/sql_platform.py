"""The base of the platforms that are databases: a door in front of the real server, with the tables as of today.

Whoever connects is a session of the journal and speaks with the server itself. Faults: `down` and `slow` as elsewhere;
`reset` cuts the session in the middle of an answer; `throttle` refuses it for too many connections; `unknown_column`,
`missing_column` (renamed) and `changed_type` change the tables for one session.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import sqlalchemy as sa
from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import HOST, Clock, Platform
from tests.sandbox.sql_server import scheme, sql_server
from tests.sandbox.world import World

Rows = Sequence[Mapping[str, Any]]

_numbers = itertools.count(1)
_SHAPES = frozenset({"unknown_column", "missing_column", "changed_type"})
_LONG_ANSWER = 250
"""Bytes: longer than a greeting, shorter than the answer to any reading."""
_TOO_MANY_CONNECTIONS = b"\xff\x10\x04#08004Too many connections"


@dataclass(frozen=True)
class Shape:
    """What the tables show: the world as of the evening of `today`, changed by `faults`."""

    today: date
    faults: frozenset[str]


class SqlPlatform(Platform):
    """A database with one account that may read it. Subclasses say what is in its tables."""

    database: ClassVar[str] = ""
    charset: ClassVar[str] = "utf8mb4"
    password: ClassVar[str] = "sandbox-database-password"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.StreamWriter] = set()
        self._filling = asyncio.Lock()
        self._own = f"{self.database}_{next(_numbers)}"
        self._exists = False
        self._shape: Shape | None = None

    def tables(self, shape: Shape) -> list[tuple[sa.Table, Rows]]:
        """Every table with its rows."""
        raise NotImplementedError

    @property
    def login(self) -> str:
        """The account that may read."""
        return f"quanyu_{self.name}"

    def routes(self) -> list[web.RouteDef]:
        """None: this platform speaks SQL."""
        return []

    @property
    def url(self) -> str:
        """Where the door is."""
        return f"{scheme()}://{HOST}:{self._port}"

    def fields(self, url: str, extra: Mapping[str, str]) -> dict[str, Any]:
        """The connection's fields; the database itself is made by the first session."""
        account = {"login": self.login, "password": self.password}
        return {"conn_type": scheme(), "host": f"{url}/{self._own}", **account, "extra": dict(extra)}

    async def set_up(self) -> None:
        """Nothing: no web server."""

    async def tear_down(self) -> None:
        """Close the door and remove the database."""
        await self.hang_up()
        if self._exists:
            await asyncio.to_thread(sql_server().drop, self._own)
            self._exists, self._shape = False, None

    async def listen(self) -> None:
        """Let sessions in."""
        if self._server is None:
            self._server = await asyncio.start_server(self._let_in, HOST, self._port)

    async def hang_up(self) -> None:
        """Refuse sessions and cut the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for session in list(self._sessions):
            session.transport.abort()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        entry = {"method": "session", "path": self.name, "outcome": "ok"}
        self.journal.append(entry)
        self._sessions.add(writer)
        try:
            if self.faults.take("throttle", self.name):
                entry["outcome"] = "throttle"
                await self._refuse(writer)
                return
            if self.faults.take("slow", self.name):
                await asyncio.sleep(self.faults.slow_seconds)
            async with self._filling:
                await asyncio.to_thread(self._fill, self._wanted())
            is_cut = self.faults.take("reset", self.name)
            entry["outcome"] = "reset" if is_cut else "ok"
            await _between(reader, writer, sql_server().port, is_cut=is_cut)
        finally:
            self._sessions.discard(writer)
            writer.transport.abort()

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        """Too many connections, in MySQL's words; PostgreSQL's would have to be asked for first."""
        if scheme() == "mysql":
            writer.write(len(_TOO_MANY_CONNECTIONS).to_bytes(3, "little") + b"\x00" + _TOO_MANY_CONNECTIONS)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def _wanted(self) -> Shape:
        return Shape(self.clock.today, frozenset(kind for kind in _SHAPES if self.faults.take(kind, self.name)))

    def _fill(self, shape: Shape) -> None:
        """Write the tables anew when they show another day or another fault."""
        if shape == self._shape:
            return
        if not self._exists:
            sql_server().create(self._own, self.charset, self.login, self.password)
            self._exists = True
        with sql_server().engine(self._own).connect() as connection:
            for table, rows in self.tables(shape):
                connection.exec_driver_sql(f"drop table if exists {table.name}")
                table.create(connection)
                if rows:
                    connection.execute(table.insert(), list(rows))
        self._shape = shape


async def _between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, *, is_cut: bool) -> None:
    """Carry bytes both ways until one side ends, or, when it is cut, until the middle of the first long answer."""
    far_reader, far_writer = await asyncio.open_connection(HOST, port)
    try:
        ways = [
            asyncio.create_task(_carry(reader, far_writer)),
            asyncio.create_task(_carry(far_reader, writer, is_cut=is_cut)),
        ]
        _, pending = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in pending:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    finally:
        far_writer.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_cut: bool = False) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            if is_cut and len(part) > _LONG_ANSWER:
                writer.write(part[: len(part) // 2])
                await writer.drain()
                return
            writer.write(part)
            await writer.drain()
