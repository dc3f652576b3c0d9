"""The fake SFTP drop behaves as agreed with the stores, seen through paramiko."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from urllib.parse import urlsplit

import paramiko
import pytest

from quanyu.contracts import Connection
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.catalogue import CLOSED_STORE, GB18030_STORE, STORES

DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with running_sandbox(people=600, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    yield shared
    shared.clear()


@contextmanager
def _session(
    connection: Connection, *, password: str | None = None, pinned: bool = True
) -> Iterator[paramiko.SFTPClient]:
    where = urlsplit(connection.url)
    kind, key = str(connection.extra["host_key"]).split()
    with paramiko.SSHClient() as ssh:
        ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
        if pinned:
            known = paramiko.Ed25519Key(data=base64.b64decode(key))
            ssh.get_host_keys().add(f"[{where.hostname}]:{where.port}", kind, known)
        ssh.connect(
            where.hostname or "",
            where.port or 0,
            connection.login,
            password or connection.password,
            allow_agent=False,
            look_for_keys=False,
        )
        yield ssh.open_sftp()


def _read(sftp: paramiko.SFTPClient, name: str) -> bytes:
    with sftp.open(f"/outbox/{name}") as file:
        return file.read()


def _rows(sftp: paramiko.SFTPClient, name: str, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_read(sftp, name).decode(encoding))))


def test_only_the_pinned_host_and_the_right_password_connect(sandbox: Sandbox) -> None:
    connection = sandbox.connection("store")
    with pytest.raises(paramiko.SSHException, match="not found in known_hosts"), _session(connection, pinned=False):
        pass
    with pytest.raises(paramiko.AuthenticationException), _session(connection, password="guess"):
        pass


def test_every_file_has_a_done_with_its_md5_size_and_rows(sandbox: Sandbox) -> None:
    with _session(sandbox.connection("store")) as sftp:
        names = set(sftp.listdir("/outbox"))
        data = [name for name in names if name.endswith(".csv")]
        assert {f"{name}.done" for name in data} == names - set(data)
        for name in sorted(data)[::29]:
            body = _read(sftp, name)
            encoding = "gb18030" if GB18030_STORE in name else "utf-8-sig"
            rows = sum(1 for _ in csv.reader(io.StringIO(body.decode(encoding)))) - 1
            assert _read(sftp, f"{name}.done").decode() == f"{hashlib.md5(body).hexdigest()} {len(body)} {rows}"
            assert sftp.stat(f"/outbox/{name}").st_size == len(body)


def test_nothing_outside_the_outbox_and_nothing_but_reading(sandbox: Sandbox) -> None:
    name = f"MEMBERS_{DAY:%Y%m%d}_1.csv"
    with _session(sandbox.connection("store")) as sftp:
        assert sftp.listdir("/") == ["outbox"]
        assert sftp.normalize("/outbox/../../..") == "/"
        forbidden: list[Callable[[], object]] = [
            lambda: sftp.open("/outbox/../../../etc/passwd"),
            lambda: sftp.listdir("/etc"),
            lambda: sftp.remove(f"/outbox/{name}"),
            lambda: sftp.rename(f"/outbox/{name}", f"/outbox/{name}.ack"),
            lambda: sftp.posix_rename(f"/outbox/{name}", f"/outbox/{name}.ack"),
            lambda: sftp.open(f"/outbox/{name}", "w"),
            lambda: sftp.mkdir("/outbox/archive"),
            lambda: sftp.chmod(f"/outbox/{name}", 0o777),
            lambda: sftp.readlink("/proc/self/exe"),
            lambda: sftp.symlink("/etc", "/outbox/etc"),
        ]
        for attempt in forbidden:
            with pytest.raises(OSError, match=r"/etc|may"):
                attempt()
        assert _read(sftp, name)


def test_receipts_are_one_row_per_line_with_positive_amounts(sandbox: Sandbox) -> None:
    rows: list[dict[str, str]] = []
    with _session(sandbox.connection("store")) as sftp:
        for name in sftp.listdir("/outbox"):
            if name.startswith("RECEIPTS") and name.endswith(".csv"):
                rows += _rows(sftp, name, "gb18030" if GB18030_STORE in name else "utf-8-sig")
    assert {row["sell_way"] for row in rows} == {"A", "B", "C"}
    assert all(float(row["amount"]) >= 0 for row in rows)
    keys = [(row["store_code"], row["receipt_no"], row["line_no"]) for row in rows]
    assert len(set(keys)) == len(keys)
    sold = {(row["store_code"], row["receipt_no"]): row["sold_at"] for row in rows if row["sell_way"] == "A"}
    returns = [row for row in rows if row["sell_way"] == "B"]
    assert all(sold[row["store_code"], row["original_receipt_no"]] < row["sold_at"] for row in returns)
    assert all(row["store_code"] in STORES for row in rows)


def test_the_old_tills_write_gb18030_and_a_closed_store_writes_nothing(sandbox: Sandbox) -> None:
    monday = date(2026, 11, 16)
    with _session(sandbox.connection("store")) as sftp:
        names = sftp.listdir("/outbox")
        assert not [name for name in names if CLOSED_STORE in name and f"{monday:%Y%m%d}" in name]
        assert [name for name in names if CLOSED_STORE in name and f"{DAY:%Y%m%d}" in name]
        old = _read(sftp, f"RECEIPTS_{GB18030_STORE}_{DAY:%Y%m%d}_1.csv")
        assert not old.startswith(b"\xef\xbb\xbf")
        assert old.decode("gb18030").startswith("store_code")
        assert _read(sftp, f"RECEIPTS_S01_{DAY:%Y%m%d}_1.csv").startswith(b"\xef\xbb\xbf")


def test_the_first_members_file_holds_all_and_later_ones_what_changed(sandbox: Sandbox) -> None:
    first = sandbox.world.calendar.first
    with _session(sandbox.connection("store")) as sftp:
        everyone = _rows(sftp, f"MEMBERS_{first:%Y%m%d}_1.csv")
        changed = [
            row
            for back in range(29, -1, -1)
            for row in _rows(sftp, f"MEMBERS_{DAY - timedelta(days=back):%Y%m%d}_1.csv")
        ]
    assert min(row["registered_at"] for row in everyone) < "2025"
    known = {row["member_card"]: row for row in everyone}
    again = [row for row in changed if row["member_card"] in known]
    assert any(row["phone"] != known[row["member_card"]]["phone"] for row in again)
    assert len(known) < len(known | {row["member_card"]: row for row in changed})
    assert {row["sms_consent"] for row in everyone} == {"Y", "N", ""}


def test_visits_carry_the_phone_as_md5_only(sandbox: Sandbox) -> None:
    phones = {hashlib.md5(phone.encode()).hexdigest() for person in sandbox.world.people for phone in person.phones}
    with _session(sandbox.connection("store")) as sftp:
        rows = [row for store in ("S01", "S02") for row in _rows(sftp, f"VISITS_{store}_{DAY:%Y%m%d}_1.csv")]
    hashes = {row["phone_hash"] for row in rows} - {""}
    assert hashes
    assert hashes <= phones
    assert any(row["unionid"] for row in rows)
    assert any(row["member_card"] for row in rows)


def test_a_day_brings_its_files_and_the_late_till_of_the_day_before() -> None:
    with running_sandbox(people=600, seed=7, business_date=DAY) as sandbox:
        with _session(sandbox.connection("store")) as sftp:
            before = set(sftp.listdir("/outbox"))
        sandbox.advance_to(DAY + timedelta(days=2))
        with _session(sandbox.connection("store")) as sftp:
            new = set(sftp.listdir("/outbox")) - before
    late = {f"RECEIPTS_{r.store}_{r.sold_at:%Y%m%d}_2.csv" for r in sandbox.world.receipts if r.late}
    assert f"MEMBERS_{DAY + timedelta(days=2):%Y%m%d}_1.csv" in new
    assert late & before
    assert all(name in before | new for name in late if f"{DAY + timedelta(days=2):%Y%m%d}" not in name)


def _until(holds: Callable[[], bool]) -> None:
    """The server notices the end of a session a moment after the client."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_missing_done_stays_away_for_the_session_that_came_for_it(sandbox: Sandbox) -> None:
    name = f"RECEIPTS_S01_{DAY:%Y%m%d}_1.csv"
    sandbox.fault("store", "no_done", match=name)
    with _session(sandbox.connection("store")) as sftp:
        sftp.listdir("/outbox")
        _rows(sftp, f"MEMBERS_{DAY:%Y%m%d}_1.csv")
    with _session(sandbox.connection("store")) as sftp:
        assert name in sftp.listdir("/outbox")
        assert f"{name}.done" not in sftp.listdir("/outbox")
        with pytest.raises(FileNotFoundError):
            _read(sftp, f"{name}.done")
    _until(lambda: sandbox.armed("store") == [])
    with _session(sandbox.connection("store")) as sftp:
        assert f"{name}.done" in sftp.listdir("/outbox")


@pytest.mark.parametrize(
    "kind", ["wrong_md5", "empty_file", "truncated", "unknown_column", "missing_column", "changed_type"]
)
def test_a_spoilt_file_is_spoilt_for_one_session(sandbox: Sandbox, kind: str) -> None:
    name = f"RECEIPTS_S02_{DAY:%Y%m%d}_1.csv"
    with _session(sandbox.connection("store")) as sftp:
        good = (_read(sftp, name), _read(sftp, f"{name}.done"))
        sandbox.fault("store", kind, match=name)
        assert _read(sftp, name) == good[0], "a session that has the file keeps it"
    with _session(sandbox.connection("store")) as sftp:
        done, data = _read(sftp, f"{name}.done"), _read(sftp, name)
    md5 = done.split()[0].decode()
    assert (data, done) != good
    assert (hashlib.md5(data).hexdigest() == md5) == (kind not in {"wrong_md5", "truncated"})
    if kind == "empty_file":
        assert data == b""
    with _session(sandbox.connection("store")) as sftp:
        assert (_read(sftp, name), _read(sftp, f"{name}.done")) == good


def test_down_refuses_and_reset_cuts_the_session(sandbox: Sandbox) -> None:
    connection = sandbox.connection("store")
    sandbox.fault("store", "reset", match="MEMBERS")
    with _session(connection) as sftp, pytest.raises((OSError, EOFError, paramiko.SSHException)):
        _read(sftp, f"MEMBERS_{DAY:%Y%m%d}_1.csv")
    sandbox.fault("store", "down")
    with pytest.raises(OSError, match=r"Unable to connect|refused"), _session(connection):
        pass
    sandbox.clear("store")
    assert sandbox.connection("store").url == connection.url
    with _session(connection) as sftp:
        assert sftp.listdir("/outbox")
