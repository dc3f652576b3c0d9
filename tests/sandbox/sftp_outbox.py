"""An SFTP drop: a read-only outbox with one account, a host key, and nothing outside the outbox.

Faults of its own, matched against file names: `no_done` (hidden for one session that needs it), and, for a session
that opens the file: `wrong_md5`, `empty_file`, `truncated`, `unknown_column`, `missing_column`, `changed_type`.
`down`, `reset` and `slow` do what they do elsewhere.
"""

from __future__ import annotations

import asyncio
import io
import posixpath
import stat
from collections.abc import AsyncIterator
from datetime import date
from typing import Any, ClassVar

import asyncssh
from aiohttp import web

from tests.sandbox.drops import Drop, done
from tests.sandbox.faults import Faults
from tests.sandbox.platform import HOST, Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.model import BRAND

_USER = "quanyu-etl"
_FOLDER = b"/outbox"


class SftpOutbox(Platform):
    """The server and the files of every evening up to the world's today; a subclass says which."""

    new_column: ClassVar[tuple[str, str]] = ("x_new_field", "1")

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._drops: tuple[date, dict[str, Drop]] | None = None
        self.sessions: set[asyncssh.SSHServerConnection] = set()

    def routes(self) -> list[web.RouteDef]:
        """None: this platform speaks SSH."""
        return []

    def connection(self, url: str) -> dict[str, Any]:
        """Account, and the host key to pin."""
        host_key = self._key.export_public_key("openssh").decode().strip()
        extra = {"host_key": host_key, "account": BRAND}
        return {"conn_type": "sftp", "host": url, "login": _USER, "password": self.password, "extra": extra}

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"sftp://{HOST}:{self._port}"

    async def set_up(self) -> None:
        """Nothing: no web server."""

    async def tear_down(self) -> None:
        """Close the port and every session."""
        await self.hang_up()

    async def listen(self) -> None:
        """Accept sessions."""
        if self._acceptor is None:
            self._acceptor = await asyncssh.listen(
                HOST,
                self._port,
                server_host_keys=[self._key],
                server_factory=lambda: _Door(self),
                sftp_factory=lambda channel: Outbox(channel, self),
            )

    async def hang_up(self) -> None:
        """Refuse connections and cut the open ones."""
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            self._acceptor = None
        for session in list(self.sessions):
            session.abort()

    @property
    def password(self) -> str:
        """What the account logs in with."""
        return f"sandbox-{self.name}-password"

    def written(self, today: date) -> dict[str, Drop]:
        """Every file that was dropped by the evening of `today`, by name."""
        raise NotImplementedError

    def drops(self) -> dict[str, Drop]:
        """The files that are there by now."""
        today = self.clock.today
        if self._drops is None or self._drops[0] != today:
            self._drops = (today, self.written(today))
        return self._drops[1]


class _Door(asyncssh.SSHServer):
    """Lets one user in, by password."""

    def __init__(self, platform: SftpOutbox) -> None:
        self._platform = platform

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._platform.sessions.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._platform.sessions.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        is_right = (username, password) == (_USER, self._platform.password)
        entry = {"method": "login", "path": username, "outcome": "ok" if is_right else "refused"}
        self._platform.journal.append(entry)
        return is_right


class Outbox(asyncssh.SFTPServer):
    """One session's view of the files; a fault, once it struck a file, holds for the session."""

    def __init__(self, channel: asyncssh.SSHServerChannel[Any], platform: SftpOutbox) -> None:
        super().__init__(channel)
        self._platform = platform
        self._channel = channel
        self._seen: dict[str, tuple[bytes, bytes]] = {}
        self._hidden: set[str] = set()
        self._opened: set[str] = set()

    def map_path(self, path: bytes) -> bytes:
        """Refuse every operation on files that is not served from memory below."""
        raise asyncssh.SFTPPermissionDenied("this account may list and read /outbox")

    def realpath(self, path: bytes) -> bytes:
        """Resolve `..` without leaving the root."""
        return posixpath.normpath(posixpath.join(b"/", path)).replace(b"//", b"/")

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List the outbox; a file whose `.done` is not there yet lacks it."""
        folder = self.realpath(path)
        if folder == b"/":
            yield asyncssh.SFTPName(b"outbox", attrs=_folder())
        elif folder == _FOLDER:
            for name in self._platform.drops():
                data, promise = self._contents(name)
                yield asyncssh.SFTPName(name.encode(), attrs=_file(data))
                if not self._is_hidden(name):
                    yield asyncssh.SFTPName(f"{name}.done".encode(), attrs=_file(promise))
        else:
            raise asyncssh.SFTPNoSuchFile(folder.decode())

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """Size and kind of a file or folder."""
        found = self.realpath(path)
        return _folder() if found in {b"/", _FOLDER} else _file(self._read(found))

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """As `stat`: there are no links."""
        return self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """Size of an open file."""
        assert isinstance(file_obj, io.BytesIO)
        return _file(file_obj.getvalue())

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open for reading; anything else is refused."""
        name = posixpath.basename(path).decode()
        entry = {"method": "open", "path": name, "outcome": "ok"}
        self._platform.journal.append(entry)
        if pflags & ~asyncssh.FXF_READ:
            entry["outcome"] = "refused"
            raise asyncssh.SFTPPermissionDenied("this account may only read")
        if self._platform.faults.take("slow", name):
            await asyncio.sleep(self._platform.faults.slow_seconds)
        if self._platform.faults.take("reset", name):
            entry["outcome"] = "reset"
            self._channel.get_connection().abort()
        return io.BytesIO(self._read(self.realpath(path)))

    def exit(self) -> None:
        """Use `no_done` up, when this session came for such a file."""
        kinds = {name.split("_", 1)[0] for name in self._opened}
        for name in self._hidden:
            if name in self._opened or not kinds or name.split("_", 1)[0] in kinds:
                self._platform.faults.take("no_done", name)
                return

    def _read(self, path: bytes) -> bytes:
        """The bytes of a file; from now on this session sees it as the armed faults say."""
        folder, name = posixpath.split(path.decode())
        base = name.removesuffix(".done")
        if folder != _FOLDER.decode() or base not in self._platform.drops():
            raise asyncssh.SFTPNoSuchFile(path.decode())
        self._opened.add(base)
        if name != base and self._is_hidden(base):
            raise asyncssh.SFTPNoSuchFile(path.decode())
        if base not in self._seen:
            self._seen[base] = self._struck(base)
        return self._seen[base][name != base]

    def _is_hidden(self, base: str) -> bool:
        if base not in self._hidden and self._platform.faults.pending("no_done", base):
            self._hidden.add(base)
        return base in self._hidden

    def _contents(self, base: str) -> tuple[bytes, bytes]:
        """Data and `.done` as this session sees them; untouched files as they are."""
        if base in self._seen:
            return self._seen[base]
        drop = self._platform.drops()[base]
        return (data := drop.data()), done(data, len(drop.rows))

    def _struck(self, base: str) -> tuple[bytes, bytes]:
        """Data and `.done` after the faults that are armed for this file."""
        drop, take = self._platform.drops()[base], self._platform.faults.take
        if take("unknown_column", base):
            drop = drop.with_column(*self._platform.new_column)
        if take("missing_column", base):
            drop = drop.without_column(2)
        if take("changed_type", base):
            drop = drop.with_odd_values()
        data = drop.data()
        promise = done(data, len(drop.rows))
        if take("wrong_md5", base):
            promise = b"0" * 32 + promise[32:]
        if take("truncated", base):
            data = data[: len(data) // 2]
        if take("empty_file", base):
            data, promise = b"", done(b"", 0)
        return data, promise


def _folder() -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(permissions=stat.S_IFDIR | 0o555, size=0)


def _file(data: bytes) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(permissions=stat.S_IFREG | 0o444, size=len(data))
