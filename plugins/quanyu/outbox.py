"""An outbox: files on an SFTP server whose key we know, each vouched for by a `.done` file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

import paramiko
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from quanyu.contracts import Connection
from quanyu.errors import ConfigurationError, NeedsPerson, NotReady, QuanyuError, Rejected, Retryable

_ATTEMPTS = 5
_SECONDS = 30.0
_NOT_FOUND = "not found in known_hosts"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drop:
    """One verified file: its name, its bytes and how many records its `.done` promises."""

    name: str
    content: bytes
    rows: int


class Outbox:
    """The folder of one brand. Read only: nothing is ever renamed or deleted there."""

    def __init__(self, where: Connection, *, sleep: Callable[[float], None]) -> None:
        address = urlsplit(where.url)
        if not address.hostname or not where.login:
            raise ConfigurationError(
                f"the connection quanyu_{where.name} is incomplete.",
                remedy="set host to sftp://host:port, and login, password and extra.host_key.",
            )
        self._host, self._port = address.hostname, address.port or 22
        self._where = where
        self._folder = str(where.extra.get("folder", "/outbox")).rstrip("/")
        self._host_key = host_key_of(str(where.extra.get("host_key", "")))
        self._sleep = sleep
        self._ssh: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def names(self, below: str = "") -> frozenset[str]:
        """What lies in the folder right now, or in a folder `below` it."""
        folder = f"{self._folder}/{below}".rstrip("/")
        return frozenset(self._retrying(lambda sftp: sftp.listdir(folder)))

    def take(self, name: str, names: frozenset[str]) -> Drop:
        """Read a file and compare it with its `.done`.

        Raises NotReady without one, Rejected when the file is empty or not the one that was announced.
        """
        done = f"{name}.done"
        if done not in names:
            raise NotReady(
                f"{name} has no .done file yet.", remedy="let the store finish its export, or remove the file."
            )
        promise = self._read(done).decode("ascii", "replace").split()
        if len(promise) != 3 or not (promise[1] + promise[2]).isdigit():
            raise NotReady(f"{done} does not hold `md5 size rows`.", remedy="ask the store system to write it again.")
        md5, size, rows = promise[0].lower(), int(promise[1]), int(promise[2])
        content = self._read(name)
        if not content:
            raise Rejected(f"{name} is empty: not even a header.", remedy="ask for the file under the next number.")
        own = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if (own, len(content)) != (md5, size):
            raise Rejected(
                f"{name} has md5 {own} and {len(content)} bytes, its .done says {md5} and {size}.",
                remedy="ask the store system to send it again under the next number.",
            )
        return Drop(name, content, rows)

    def fetch(self, name: str, into: BinaryIO) -> None:
        """Write the bytes of a file into `into`, from its start whenever the session broke."""

        def copy(sftp: paramiko.SFTPClient) -> None:
            into.seek(0)
            into.truncate()
            sftp.getfo(f"{self._folder}/{name}", into)

        self._retrying(copy)

    def close(self) -> None:
        """Leave the server."""
        if self._ssh is not None:
            self._ssh.close()
        self._ssh = self._sftp = None

    def _read(self, name: str) -> bytes:
        buffer = io.BytesIO()
        self.fetch(name, buffer)
        return buffer.getvalue()

    def _retrying(self, call: Callable[[paramiko.SFTPClient], T]) -> T:
        """Call with a live session, a new one after each failure; the last error is raised."""
        loop = Retrying(
            retry=retry_if_exception_type(Retryable),
            wait=wait_random_exponential(multiplier=0.5, max=30),
            stop=stop_after_attempt(_ATTEMPTS),
            sleep=self._sleep,
            reraise=True,
        )
        result: T = loop(self._once, call)
        return result

    def _once(self, call: Callable[[paramiko.SFTPClient], T]) -> T:
        try:
            return call(self._session())
        except (paramiko.SSHException, OSError, EOFError) as error:
            self.close()
            raise self._error_of(error) from None

    def _session(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            ssh = self._ssh = open_session(self._where, self._host_key)
            self._sftp = ssh.open_sftp()
            channel = self._sftp.get_channel()
            if channel is not None:
                channel.settimeout(_SECONDS)
        return self._sftp

    def _error_of(self, error: Exception) -> QuanyuError:
        server = f"{self._host}:{self._port}"
        if is_another_key(error):
            return NeedsPerson(
                f"{server} shows another host key than the pinned one.",
                remedy="ask the operator of the server whether its key was changed, then renew extra.host_key.",
            )
        if isinstance(error, paramiko.AuthenticationException):
            return NeedsPerson(f"{server} refuses the login.", remedy="renew login and password of the connection.")
        if isinstance(error, PermissionError | FileNotFoundError):
            return NeedsPerson(
                f"{server} does not let us read {self._folder}.", remedy="check the folder and its rights there."
            )
        kind = "no answer in time" if isinstance(error, socket.timeout) else type(error).__name__
        return Retryable(f"{server}: the session broke ({kind}).", remedy="check that the server runs.")


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Outbox]:
    """Open the outbox; the session itself is made by the first call."""
    outbox = Outbox(where, sleep=sleep)
    try:
        yield outbox
    finally:
        outbox.close()


def open_session(where: Connection, host_key: paramiko.PKey) -> paramiko.SSHClient:
    """Log in to the server behind a connection, if it shows that key and no other. Raises what paramiko raises."""
    address = urlsplit(where.url)
    host, port = str(address.hostname), address.port or 22
    ssh = paramiko.SSHClient()
    known = host if port == 22 else f"[{host}]:{port}"
    ssh.get_host_keys().add(known, host_key.get_name(), host_key)
    ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        ssh.connect(
            host,
            port=port,
            username=where.login,
            password=where.password,
            timeout=_SECONDS,
            banner_timeout=_SECONDS,
            auth_timeout=_SECONDS,
            channel_timeout=_SECONDS,
            allow_agent=False,
            look_for_keys=False,
        )
    except Exception:
        ssh.close()
        raise
    return ssh


def is_another_key(error: Exception) -> bool:
    """Whether a session failed because the server showed another host key than the pinned one."""
    return isinstance(error, paramiko.BadHostKeyException) or _NOT_FOUND in str(error)


def host_key_of(line: str) -> paramiko.PKey:
    """Read a public key as OpenSSH writes it: `ssh-ed25519 AAAA... comment`."""
    kind, _, rest = line.strip().partition(" ")
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(rest.split(" ")[0], validate=True))
    except (paramiko.SSHException, paramiko.pkey.UnknownKeyType, binascii.Error, ValueError):
        raise ConfigurationError(
            "extra.host_key is not a public SSH key.",
            remedy="put the server's line of `ssh-keyscan` into it, without the host name.",
        ) from None
