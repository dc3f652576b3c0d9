"""A folder on disk, in a bucket and on a server: files appear whole, and every failure says what is known."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pytest

from quanyu.contracts import Connection
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Retryable, Throttled
from quanyu.filedrop import FileDrop, open_drop
from tests.sandbox import running_sandbox
from tests.sandbox.bucket import Bucket
from tests.sandbox.server import Sandbox

PASSWORD = "sandbox-drop-password"


class Door(asyncssh.SSHServer):
    """Lets one user in, by password."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("quanyu", PASSWORD)


@contextmanager
def sftp_server(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a folder; yields the URL and the line of the host key."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[key],
            server_factory=Door,
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder).encode()),
        )

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(timeout=10)
    try:
        yield f"sftp://127.0.0.1:{acceptor.get_port()}", key.export_public_key("openssh").decode().strip()
    finally:
        loop.call_soon_threadsafe(acceptor.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=5) as running:
        yield running


@pytest.fixture
def bucket(sandbox: Sandbox) -> Bucket:
    found = sandbox.platforms["content_handoff"]
    assert isinstance(found, Bucket)
    return found


@pytest.fixture
def in_bucket(sandbox: Sandbox) -> Iterator[FileDrop]:
    with open_drop(sandbox.connection("content_handoff")) as drop:
        yield drop


def on_disk(folder: Path) -> Connection:
    return Connection(name="drop", url=folder.as_uri())


def check_a_folder(drop: FileDrop) -> None:
    """What holds wherever the folder lies."""
    assert drop.read("list.csv") is None
    drop.write("list.csv", "一".encode())
    assert drop.read("list.csv") == "一".encode()
    drop.write("list.csv", b"much longer than before")
    assert drop.read("list.csv") == b"much longer than before"
    drop.write("list.csv", b"")
    assert drop.read("list.csv") == b""
    drop.remove("list.csv")
    drop.remove("list.csv")
    assert drop.read("list.csv") is None


def test_a_folder_of_this_machine(tmp_path: Path) -> None:
    with open_drop(on_disk(tmp_path)) as drop:
        check_a_folder(drop)
    assert list(tmp_path.iterdir()) == [], "nothing half is left behind"


def test_a_bucket(in_bucket: FileDrop, bucket: Bucket) -> None:
    check_a_folder(in_bucket)
    in_bucket.write("kept.csv", b"x")
    assert bucket.objects == {"briefs/kept.csv": b"x"}


def test_a_server_whose_key_we_know(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    with sftp_server(tmp_path) as (url, key):
        where = Connection(name="drop", url=url, login="quanyu", password=PASSWORD, extra={"host_key": key})
        with open_drop(where) as drop:
            check_a_folder(drop)
            drop.write("kept.csv", b"x")
    assert [path.name for path in (tmp_path / "inbox").iterdir()] == ["kept.csv"]


def test_another_server_gets_neither_password_nor_file(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode()
    with sftp_server(tmp_path) as (url, _):
        where = Connection(name="drop", url=url, login="quanyu", password=PASSWORD, extra={"host_key": other})
        with open_drop(where) as drop, pytest.raises(NeedsPerson, match="host key"):
            drop.write("list.csv", b"x")


def test_a_wrong_password_needs_a_person(tmp_path: Path) -> None:
    with sftp_server(tmp_path) as (url, key):
        where = Connection(name="drop", url=url, login="quanyu", password="wrong", extra={"host_key": key})
        with open_drop(where) as drop, pytest.raises(NeedsPerson):
            drop.write("list.csv", b"x")


def test_wrong_keys_of_a_bucket_need_a_person(sandbox: Sandbox) -> None:
    right = sandbox.connection("content_handoff")
    wrong = Connection(name=right.name, url=right.url, login=right.login, password="not-the-secret", extra=right.extra)
    with open_drop(wrong) as drop:
        for verb in (lambda: drop.write("list.csv", b"x"), lambda: drop.read("list.csv")):
            with pytest.raises(NeedsPerson) as caught:
                verb()
            assert "not-the-secret" not in str(caught.value)


def test_a_folder_that_is_missing_needs_a_person(tmp_path: Path) -> None:
    with open_drop(on_disk(tmp_path / "nowhere")) as drop, pytest.raises(NeedsPerson):
        drop.write("list.csv", b"x")


@pytest.mark.parametrize("kind", ["reply_lost", "reset", "http_500", "html"])
def test_a_file_that_may_lie_there_is_in_doubt(
    sandbox: Sandbox, in_bucket: FileDrop, bucket: Bucket, kind: str
) -> None:
    # A PUT whose connection broke is repeated once by aiohttp.
    sandbox.fault("content_handoff", kind, match="PUT", times=2)
    with pytest.raises(DeliveryUnknown):
        in_bucket.write("list.csv", b"x")
    sandbox.clear("content_handoff")
    in_bucket.write("list.csv", b"x")
    assert bucket.objects == {"briefs/list.csv": b"x"}


@pytest.mark.parametrize("kind", ["reset", "http_500"])
def test_reading_can_always_be_tried_again(sandbox: Sandbox, in_bucket: FileDrop, kind: str) -> None:
    sandbox.fault("content_handoff", kind, match="GET", times=2)
    with pytest.raises(Retryable):
        in_bucket.read("list.csv")
    sandbox.clear("content_handoff")
    assert in_bucket.read("list.csv") is None


def test_a_store_that_is_down_is_told_by_reading(sandbox: Sandbox, in_bucket: FileDrop) -> None:
    sandbox.fault("content_handoff", "down")
    with pytest.raises(Retryable):
        in_bucket.read("list.csv")
    with pytest.raises(DeliveryUnknown):
        in_bucket.write("list.csv", b"x")


def test_a_store_that_asks_for_fewer_calls_is_heard(sandbox: Sandbox, in_bucket: FileDrop) -> None:
    sandbox.fault("content_handoff", "throttle")
    with pytest.raises(Throttled):
        in_bucket.write("list.csv", b"x")


@pytest.mark.parametrize(
    "where",
    [
        Connection(name="drop", url="https://brand.example/folder", login="a", password="b"),
        Connection(name="drop", url="file://elsewhere/folder"),
        Connection(name="drop", url="file:///"),
        Connection(name="drop", url="s3://bucket/prefix", login="a"),
        Connection(name="drop", url="sftp://brand.example", password="b"),
    ],
    ids=lambda where: where.url,
)
def test_what_names_no_folder_is_said(where: Connection) -> None:
    with pytest.raises(ConfigurationError, match="quanyu_drop"), open_drop(where):
        pass
