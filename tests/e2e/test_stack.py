"""The local stack as a person uses it: `quanyu up`, a dead process, `quanyu down`, Ctrl-C; nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from quanyu.local.postgres import EmbeddedPostgres
from quanyu.local.processes import Process
from quanyu.local.stack import Stack
from tests.sandbox.company import choose_port

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins")))}
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("stack") / "var"
    choose_port(Stack(home))
    yield home
    Stack(home).down()


def _quanyu(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "quanyu.cli", *arguments, "--home", str(home))
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def _process(home: Path, name: str) -> Process:
    return Process(name, (), home / "run", home / "logs")


def _leftovers(home: Path) -> list[str]:
    """Every living process that has the folder in its environment, except this one."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("QUANYU_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE
            if mine and process.pid != os.getpid():
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def _listening(process: psutil.Process) -> set[str]:
    # Airflow's workers come and go while the list of members is walked.
    with suppress(psutil.NoSuchProcess):
        return {c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
    return set()


def _until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited for {seconds} s"
        time.sleep(0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_start_leaves_nothing_running(home: Path, number: signal.Signals) -> None:
    stack = Stack(home)
    # A shell's background jobs ignore SIGINT, and what they start inherits that; a person's terminal does not.
    command = ("env", "--default-signal=INT", sys.executable, "-m", "quanyu.cli", "up", "--home", str(home))
    starting = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _until(lambda: all(process.pid() for process in stack.processes))
    starting.send_signal(number)
    assert starting.wait(timeout=60) != 0
    assert _leftovers(home) == []
    assert not EmbeddedPostgres(home / "postgres").is_running()


def test_up_starts_everything_on_loopback_only(home: Path) -> None:
    done = _quanyu("up", home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert Stack(home).api.url in done.stdout
    members = [member for process in Stack(home).processes for member in process.members()]
    listening = {address for member in members for address in _listening(member)}
    assert listening == {"127.0.0.1"}
    assert len(members) <= 12
    assert _quanyu("status", home=home).returncode == 0


def test_the_server_of_another_stack_on_the_same_port_is_not_taken_for_ours(home: Path, tmp_path: Path) -> None:
    """Two that start at once find the same port free, and the later one to listen dies of it."""
    late = Stack(tmp_path / "late")
    port = late.home / "run" / "port"
    port.parent.mkdir(parents=True)
    port.write_text((home / "run" / "port").read_text())
    assert Stack(home).unhealthy() == []
    assert late.unhealthy() == ("api_server",)


def test_nobody_else_can_read_the_secrets(home: Path) -> None:
    for path in (home / "secrets.json", home / "airflow" / "passwords.json"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_dead_process_is_named_and_up_starts_it_again(home: Path) -> None:
    stack = Stack(home)
    before = {process.name: process.pid() for process in stack.processes}
    scheduler = before["scheduler"]
    assert scheduler
    os.kill(scheduler, signal.SIGKILL)
    _until(lambda: stack.processes[1].pid() is None)
    status = _quanyu("status", home=home)
    assert status.returncode == 1
    assert "down" in status.stdout
    night = _quanyu("night", "--date", "2026-11-20", home=home)
    assert night.returncode == 1
    assert "scheduler does not run" in night.stdout
    assert _quanyu("up", home=home).returncode == 0
    after = {process.name: process.pid() for process in stack.processes}
    assert all(after.values())
    assert {name for name in after if after[name] != before[name]} == {"scheduler"}


def test_a_night_without_any_source_says_what_to_do(home: Path) -> None:
    done = _quanyu("night", "--date", "2026-11-20", home=home)
    assert done.returncode == 2
    assert "no source is switched on" in done.stdout


def test_down_stops_everything_and_can_be_repeated(home: Path) -> None:
    assert _quanyu("down", home=home).returncode == 0
    assert _leftovers(home) == []
    assert not EmbeddedPostgres(home / "postgres").is_running()
    assert _quanyu("down", home=home).returncode == 0
    assert _quanyu("status", home=home).returncode == 1


_NIGHT = """
import sys
from datetime import date
from pathlib import Path
from quanyu.local.night import run_night
from tests.sandbox.company import running_company

with running_company(Path(sys.argv[1]), people=60, seed=7, business_date=date(2026, 11, 20)) as company:
    run_night(company.stack, date(2026, 11, 20), watch=lambda task: print(task.state, flush=True))
"""


def test_an_interrupted_night_leaves_nothing_running(tmp_path: Path) -> None:
    """Neither the running tasks nor the platforms nor Postgres."""
    home, log = tmp_path / "demo", tmp_path / "said"
    with log.open("w") as said:
        command = (sys.executable, "-c", _NIGHT, str(home))
        night = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT, env=ENVIRONMENT)
    _until(lambda: "running" in log.read_text() or night.poll() is not None)
    members = [member for name in (home / "run").glob("*.pid") for member in _process(home, name.stem).members()]
    assert any("tests.sandbox" in member.cmdline() for member in members)
    night.send_signal(signal.SIGTERM)
    assert night.wait(timeout=60) != 0
    assert [member for member in members if member.is_running() and member.status() != psutil.STATUS_ZOMBIE] == []
    assert _leftovers(home) == []
    assert not EmbeddedPostgres(home / "postgres").is_running()
