"""Every platform can be found, broken, mended and looked into, from Python and over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from quanyu.contracts import Connection
from tests.sandbox import running_sandbox
from tests.sandbox.getui import Getui
from tests.sandbox.jpush import JPush
from tests.sandbox.platform import Platform
from tests.sandbox.server import Sandbox, platforms
from tests.sandbox.world.systems import tracking

DAY = date(2026, 11, 20)
PROJECT = Path(__file__).parents[2]
REFRESH = "/oauth2/refresh_token"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=50, seed=7, business_date=DAY) as sandbox:
        yield sandbox


def _refresh(connection: Connection) -> httpx.Response:
    asked = {"app_id": connection.login, "secret": connection.password, **connection.extra}
    return httpx.post(connection.url + REFRESH, json=asked, timeout=5)


def test_platforms_are_found_by_looking() -> None:
    found = platforms()
    assert set(found) >= {"tmall", "xiaohongshu", "store", "official_account", "wecom", "aliyun_sms"}
    assert all(issubclass(kind, Platform) and kind.name == name for name, kind in found.items())


def test_each_platform_has_a_port_of_its_own_and_a_whole_connection(sandbox: Sandbox) -> None:
    connections = [sandbox.connection(name) for name in sandbox.platforms]
    assert len({connection.url for connection in connections}) == len(connections)
    for connection in connections:
        assert connection.login
        assert connection.password
        assert connection.account


@pytest.mark.parametrize(("kind", "status", "start"), [("http_500", 500, "Internal"), ("html", 200, "<html>")])
def test_a_broken_platform_answers_without_doing_anything(sandbox: Sandbox, kind: str, status: int, start: str) -> None:
    connection = sandbox.connection("xiaohongshu")
    sandbox.fault("xiaohongshu", kind, times=2)
    answers = [_refresh(connection) for _ in range(2)]
    assert [(answer.status_code, answer.text.startswith(start)) for answer in answers] == [(status, True)] * 2
    assert _refresh(connection).json()["success"]


def test_reset_cuts_before_the_work_and_reply_lost_after_it(sandbox: Sandbox) -> None:
    connection = sandbox.connection("xiaohongshu")
    sandbox.fault("xiaohongshu", "reset")
    with pytest.raises(httpx.TransportError):
        _refresh(connection)
    assert sandbox.connection("xiaohongshu") == connection
    sandbox.fault("xiaohongshu", "reply_lost")
    with pytest.raises(httpx.TransportError):
        _refresh(connection)
    assert sandbox.connection("xiaohongshu") != connection
    assert [entry["outcome"] for entry in sandbox.journal("xiaohongshu")] == ["reset", "reply_lost"]


def test_half_a_page_is_no_json(sandbox: Sandbox) -> None:
    sandbox.fault("xiaohongshu", "truncated")
    answer = _refresh(sandbox.connection("xiaohongshu"))
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_slow_answer_comes_in_the_end(sandbox: Sandbox) -> None:
    connection = sandbox.connection("xiaohongshu")
    sandbox.platforms["xiaohongshu"].faults.slow_seconds = 0.4
    sandbox.fault("xiaohongshu", "slow", times=2)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(connection.url + REFRESH, json={}, timeout=0.1)
    assert _refresh(connection).json()["success"]


def test_down_refuses_connections_until_cleared_and_comes_back_on_the_same_port(sandbox: Sandbox) -> None:
    connection = sandbox.connection("xiaohongshu")
    with httpx.Client(base_url=connection.url) as kept_alive:
        assert kept_alive.post(REFRESH, json={}).status_code == 200
        sandbox.fault("xiaohongshu", "down")
        for _ in range(2):
            with pytest.raises(httpx.ConnectError):
                kept_alive.post(REFRESH, json={})
        assert httpx.post(f"{sandbox.connection('tmall').url}/router/rest").status_code == 200
        sandbox.clear("xiaohongshu", "down")
        assert kept_alive.post(REFRESH, json={}).status_code == 200


def test_the_port_of_a_platform_that_is_down_is_given_to_nobody_else(sandbox: Sandbox) -> None:
    sandbox.fault("xiaohongshu", "down")
    url = urlsplit(sandbox.connection("xiaohongshu").url)
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((url.hostname, url.port))
    sandbox.clear("xiaohongshu")
    assert _refresh(sandbox.connection("xiaohongshu")).json()["success"]


def test_faults_strike_where_and_when_they_are_told(sandbox: Sandbox) -> None:
    connection = sandbox.connection("xiaohongshu")
    sandbox.fault("xiaohongshu", "http_500", match="/report/")
    assert _refresh(connection).status_code == 200
    report = f"{connection.url}/jg/data/report/offline/creative"
    assert sandbox.armed("xiaohongshu") == ["http_500"]
    assert [httpx.post(report, json={}).status_code for _ in range(2)] == [500, 200]
    assert sandbox.armed("xiaohongshu") == []
    sandbox.fault("xiaohongshu", "http_500", after=2)
    assert [httpx.post(report, json={}).status_code for _ in range(4)] == [200, 200, 500, 200]


def test_channels_are_found_by_their_name_or_their_platforms(sandbox: Sandbox) -> None:
    sandbox.platforms["wecom"].deliveries.append({"to": "wm1"})
    assert sandbox.deliveries("wecom_broadcast") == sandbox.deliveries("wecom") == [{"to": "wm1"}]
    assert sandbox.deliveries("aliyun_sms") == sandbox.deliveries("official_account_mass") == []


def test_the_world_ends_two_days_after_the_business_date(sandbox: Sandbox) -> None:
    sandbox.advance_to(date(2026, 11, 22))
    with pytest.raises(ValueError, match="the world ends on 2026-11-22"):
        sandbox.advance_to(date(2026, 11, 23))


def test_the_control_port_does_what_the_methods_do(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.control) as control:
        assert control.get("/today").json() == {"date": "2026-11-20"}
        assert control.post("/today", json={"date": "2026-11-21"}).json() == {"date": "2026-11-21"}
        assert sandbox.clock.today == date(2026, 11, 21)
        connection = sandbox.connection("xiaohongshu")
        control.post("/faults", json={"platform": "xiaohongshu", "kind": "down"}).raise_for_status()
        with pytest.raises(httpx.ConnectError):
            _refresh(connection)
        assert control.get("/faults").json()["xiaohongshu"] == ["down"]
        control.request("DELETE", "/faults", json={"platform": "xiaohongshu"}).raise_for_status()
        assert _refresh(connection).status_code == 200
        truth = control.get("/truth").json()
        assert {tuple(row[:3]): row[3] for row in truth["truth"]} == sandbox.world.truth
        assert sum(map(len, truth["provable"])) > 50
        assert control.get("/deliveries", params={"channel": "wecom_broadcast"}).json() == []
        assert control.get("/journal", params={"platform": "xiaohongshu"}).json() == sandbox.journal("xiaohongshu")


def test_the_command_writes_its_addresses_and_leaves_when_told(tmp_path: Path) -> None:
    state = tmp_path / "var" / "sandbox.json"
    command = [sys.executable, "-m", "tests.sandbox", "--people", "50", "--date", "2026-11-20", "--state", str(state)]
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT / 'plugins'}:{PROJECT}"}
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as process:
        try:
            for _ in range(600):
                if state.exists() or process.poll() is not None:
                    break
                time.sleep(0.1)
            told = json.loads(state.read_text("utf-8"))
            assert set(told["connections"]) | set(told["alternatives"]) == set(platforms())
            assert {name for name, kind in platforms().items() if kind.alternative_to} == set(told["alternatives"])
            assert {platforms()[name].alternative_to for name in told["alternatives"]} <= set(told["connections"])
            assert httpx.get(f"{told['control']}/today").json() == {"date": "2026-11-20"}
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert not state.exists()


def test_an_install_that_lets_itself_be_pushed_to_is_known_to_whoever_pushes(sandbox: Sandbox) -> None:
    told = {
        (fact.row["properties"]["push_provider"], fact.row["properties"]["registration_id"])
        for fact in tracking.events(sandbox.world)
        if fact.row["event"] == "push_enabled"
    }
    jpush, getui = sandbox.platforms["jpush"], sandbox.platforms["getui"]
    assert isinstance(jpush, JPush)
    assert isinstance(getui, Getui)
    known = {("jpush", install) for install in jpush.installs} | {("getui", install) for install in getui.installs}
    assert told
    assert told <= known
