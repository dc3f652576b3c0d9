"""A folder that somebody else reads: small files put there whole, under names that say what they are.

`file:///folder`, `s3://bucket/prefix` (any S3-like store by extra.endpoint_url) or `sftp://server:port` with a pinned
host key, through fsspec. A name is written again as often as needed: a reader sees the old file or the new one, never
half of one. On disks and servers it is written beside and renamed; a PUT of S3 is whole or not there at all.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import fsspec
import paramiko
from botocore.exceptions import BotoCoreError, ClientError
from fsspec.implementations.sftp import SFTPFileSystem

from quanyu.contracts import Connection
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, QuanyuError, Retryable, Throttled
from quanyu.outbox import host_key_of, is_another_key, open_session

# They write bodies and signed requests when they debug.
for _chatty in ("aiobotocore", "botocore", "paramiko", "s3fs", "fsspec"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

# Who writes may try again; two libraries below would each multiply it. Checksums in trailers are AWS's alone.
_S3 = {
    "retries": {"total_max_attempts": 1},
    "connect_timeout": 10,
    "read_timeout": 60,
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}
_NOT_OURS = (PermissionError, FileNotFoundError, NotADirectoryError, ClientError, paramiko.AuthenticationException)


class FileDrop:
    """The folder behind a connection; nothing is called before the first verb."""

    def __init__(self, where: Connection) -> None:
        url = urlsplit(where.url)
        self._where = where
        self._scheme = url.scheme
        self._path = (url.netloc + url.path if url.scheme == "s3" else url.path).rstrip("/")
        if url.scheme == "sftp":
            self._path = str(where.extra.get("folder") or "/inbox").rstrip("/")
        self._opened: Any = None

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when there is none. Raises Retryable, Throttled or NeedsPerson."""
        with self._spoken(Retryable):
            try:
                return bytes(self._files.cat_file(f"{self._path}/{name}"))
            except FileNotFoundError:
                # A folder that is missing altogether is told by the first file that is written.
                return None

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, over the one of that name. Raises NeedsPerson, Throttled, and for all else DeliveryUnknown.

        Also where nobody answers: libraries below repeat a call in silence. Who must know that nothing was written
        reads first.
        """
        path = f"{self._path}/{name}"
        with self._spoken(DeliveryUnknown):
            if self._scheme == "s3":
                self._files.pipe_file(path, content)
            else:
                self._write_beside(f"{self._path}/.{name}.part", path, content)
            # A gateway that is ill answers 200 with a page of its own.
            if self._size(path) != len(content):
                raise OSError

    def remove(self, name: str) -> None:
        """Take a file away; it may be gone already. Raises Retryable, Throttled or NeedsPerson."""
        with self._spoken(Retryable):
            try:
                self._files.rm_file(f"{self._path}/{name}")
            except FileNotFoundError:
                return

    def close(self) -> None:
        """Leave the server."""
        if self._scheme == "sftp" and self._opened is not None:
            self._opened.client.close()
        self._opened = None

    def _size(self, path: str) -> int:
        try:
            return int(self._files.info(path)["size"])
        except FileNotFoundError:
            return -1

    def _write_beside(self, half: str, path: str, content: bytes) -> None:
        with self._files.open(half, "wb") as file:
            file.write(content)
            if self._scheme == "file":
                # The ledger will say that it was written; a power cut must not say otherwise.
                file.flush()
                os.fsync(file.fileno())
        self._files.mv(half, path)

    @property
    def _files(self) -> Any:
        if self._opened is None:
            if self._scheme == "sftp":
                self._opened = _Pinned(self._where)
            else:
                # A listing that is remembered would hide what another process wrote.
                fresh = {"skip_instance_cache": True, "use_listings_cache": False}
                self._opened = fsspec.filesystem(self._scheme, **fresh, **self._keys())
                self._opened.retries = 1
        return self._opened

    def _keys(self) -> dict[str, Any]:
        where = self._where
        if self._scheme != "s3":
            return {}
        client = {name: str(where.extra[name]) for name in ("endpoint_url", "region_name") if name in where.extra}
        return {"key": where.login, "secret": where.password, "client_kwargs": client, "config_kwargs": _S3}

    @contextmanager
    def _spoken(self, failed: type[QuanyuError]) -> Iterator[None]:
        """Say what went wrong in our words, without keys and without what a library quotes."""
        name = f"quanyu_{self._where.name}"
        try:
            yield
        except _NOT_OURS as error:
            self.close()
            raise NeedsPerson(
                f"{name}: the folder cannot be written or read ({type(error).__name__}).",
                remedy="check the connection's host, login and password, and the rights there.",
            ) from None
        except (OSError, EOFError, BotoCoreError, paramiko.SSHException) as error:
            self.close()
            if is_another_key(error):
                raise NeedsPerson(
                    f"{name}: the server shows another host key than the pinned one.",
                    remedy="ask its operator whether the key was changed, then renew extra.host_key.",
                ) from None
            if isinstance(error, OSError) and error.errno == errno.EBUSY:
                raise Throttled(f"{name}: the store asks for fewer calls.") from None
            raise failed(f"{name}: no answer ({type(error).__name__}).", remedy=_UNREACHABLE) from None


_UNREACHABLE = "if it stays so, check the connection's host and the network."


class _Pinned(SFTPFileSystem):  # type: ignore[misc]  # fsspec has no types
    """SFTP with a server whose key we know."""

    def __init__(self, where: Connection) -> None:
        self._where = where
        super().__init__(str(urlsplit(where.url).hostname), skip_instance_cache=True)

    def _connect(self) -> None:
        self.client = open_session(self._where, host_key_of(str(self._where.extra.get("host_key", ""))))
        self.ftp = self.client.open_sftp()


@contextmanager
def open_drop(where: Connection) -> Iterator[FileDrop]:
    """Open the folder behind a connection. Raises ConfigurationError when it names none, or lacks its login."""
    url = urlsplit(where.url)
    is_folder = url.scheme == "file" and not url.netloc and url.path.strip("/")
    has_login = bool(where.login and where.password)
    is_bucket = url.scheme == "s3" and url.netloc and has_login
    is_server = url.scheme == "sftp" and url.hostname and has_login
    if not (is_folder or is_bucket or is_server):
        raise ConfigurationError(
            f"quanyu_{where.name} names no folder, or lacks its login or password.",
            remedy="set host to file:///folder, sftp://host:port (with extra.host_key) or s3://bucket/prefix, and login"
            " and password to the account or the keys.",
        )
    drop = FileDrop(where)
    try:
        yield drop
    finally:
        drop.close()
