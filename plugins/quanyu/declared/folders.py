"""Where files lie: a folder of this machine, an S3-like bucket, or an outbox on SFTP; listed and fetched alike.

Nothing is ever renamed or deleted there. A file is fetched into a temporary one and, where it has a `.done`, compared
with it before a single row is believed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, Protocol, cast
from urllib.parse import urlsplit

import fsspec
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from quanyu.contracts import Connection
from quanyu.errors import ConfigurationError, NeedsPerson, NotReady, Rejected, Retryable
from quanyu.outbox import Outbox

_IN_MEMORY = 8 * 2**20
_ATTEMPTS = 5
# We try again ourselves; two libraries below would each multiply it.
_ONE_ATTEMPT = {"retries": {"total_max_attempts": 1}, "connect_timeout": 10, "read_timeout": 60}
_PROMISE = re.compile(r"\s*([0-9a-fA-F]{32})\s+(\d{1,18})\s+(\d{1,18})\s*", re.ASCII)


class Folder(Protocol):
    """A folder of files, and of folders of files."""

    def names(self, below: str = "") -> frozenset[str]:
        """What lies in it right now, or in a folder `below` it."""
        ...

    def fetch(self, name: str, into: BinaryIO) -> None:
        """Write a file's bytes into `into`, from its start."""
        ...


class FsspecFolder:
    """A folder behind fsspec: `file:///folder` or `s3://bucket/prefix`."""

    def __init__(self, where: Connection, *, sleep: Callable[[float], None]) -> None:
        url = urlsplit(where.url)
        self._name = where.name
        self._path = (url.netloc + url.path if url.scheme == "s3" else url.path).rstrip("/")
        self._retrying = Retrying(
            retry=retry_if_exception_type(Retryable),
            wait=wait_random_exponential(multiplier=0.5, max=30),
            stop=stop_after_attempt(_ATTEMPTS),
            sleep=sleep,
            reraise=True,
        )
        # A listing that is remembered would hide the file that came a moment ago.
        options: dict[str, object] = {"skip_instance_cache": True, "use_listings_cache": False}
        if url.scheme == "s3":
            options |= {"key": where.login, "secret": where.password}
            options["client_kwargs"] = {
                name: str(where.extra[name]) for name in ("endpoint_url", "region_name") if name in where.extra
            }
            options["config_kwargs"] = _ONE_ATTEMPT
        self._files = fsspec.filesystem(url.scheme, **options)
        self._files.retries = 1

    def names(self, below: str = "") -> frozenset[str]:
        """What lies in it right now, or in a folder `below` it."""
        return self._retrying(self._listed, f"{self._path}/{below}".rstrip("/"))

    def fetch(self, name: str, into: BinaryIO) -> None:
        """Write a file's bytes into `into`, from its start."""
        self._retrying(self._copied, name, into)

    def _listed(self, folder: str) -> frozenset[str]:
        with self._spoken():
            return frozenset(path.rstrip("/").rpartition("/")[2] for path in self._files.ls(folder, detail=False))

    def _copied(self, name: str, into: BinaryIO) -> None:
        into.seek(0)
        into.truncate()
        with self._spoken(), self._files.open(f"{self._path}/{name}", "rb") as file:
            shutil.copyfileobj(file, into, 2**20)

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """Say what went wrong in our words, without keys and without what a library quotes."""
        try:
            yield
        except (FileNotFoundError, PermissionError, NotADirectoryError, ClientError) as error:
            raise NeedsPerson(
                f"quanyu_{self._name}: the folder cannot be read ({type(error).__name__}).",
                remedy="check the connection's host, login and password, and the rights there.",
            ) from None
        except (OSError, BotoCoreError) as error:
            raise Retryable(
                f"quanyu_{self._name}: the folder does not answer ({type(error).__name__}).",
                remedy="check the connection's host and the network.",
            ) from None


@contextmanager
def open_folder(where: Connection, *, sleep: Callable[[float], None]) -> Iterator[Folder]:
    """Open the folder behind a connection; nothing is called yet. Raises ConfigurationError for another address."""
    url = urlsplit(where.url)
    is_folder = url.scheme == "file" and not url.netloc and url.path.strip("/")
    is_bucket = url.scheme == "s3" and url.netloc and where.login and where.password
    if url.scheme == "sftp":
        outbox = Outbox(where, sleep=sleep)
        try:
            yield outbox
        finally:
            outbox.close()
    elif is_folder or is_bucket:
        yield FsspecFolder(where, sleep=sleep)
    else:
        raise ConfigurationError(
            f"quanyu_{where.name} names no folder, or lacks its login or password.",
            remedy="set host to file:///folder, sftp://host:port (with extra.host_key) or s3://bucket/prefix, and login"
            " and password to the account or the keys.",
        )


@contextmanager
def fetched(
    folder: Folder, name: str, names: frozenset[str], *, is_vouched_for: bool
) -> Iterator[tuple[IO[bytes], int]]:
    """A file as it lies there, and how many rows its `.done` promises (-1 without one).

    Raises NotReady while the `.done` is missing or unfinished, Rejected when the file is not the one it announces.
    """
    promise = _promise(folder, name, names) if is_vouched_for else None
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        folder.fetch(name, cast(BinaryIO, file))
        if promise is not None:
            file.seek(0)
            own = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            if (own, file.tell()) != promise[:2]:
                raise Rejected(
                    f"{name} has md5 {own} and {file.tell()} bytes, its .done says {promise[0]} and {promise[1]}.",
                    remedy="ask the system to send it again, under the next number where files have one.",
                )
        file.seek(0)
        yield file, promise[2] if promise else -1


def _promise(folder: Folder, name: str, names: frozenset[str]) -> tuple[str, int, int]:
    done = f"{name}.done"
    if done not in names:
        raise NotReady(f"{name} has no .done file yet.", remedy="let the system finish its export, or remove the file.")
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        folder.fetch(done, cast(BinaryIO, file))
        file.seek(0)
        said = _PROMISE.fullmatch(file.read(1000).decode("utf-8-sig", "replace"))
    if not said:
        raise NotReady(f"{done} does not hold `md5 size rows`.", remedy="ask the system to write it again.")
    return said[1].lower(), int(said[2]), int(said[3])
