"""`quanyu` answers in sentences, exits with a code that scripts can use, and needs no Airflow to look at a night."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from quanyu import landing, warehouse
from quanyu.cli import app

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"


@pytest.fixture
def night(dsn: str, environment: None) -> None:
    with warehouse.connect(dsn) as connection:
        warehouse.migrate(connection)
        landing.prepare(connection)
        connection.execute(
            "insert into ops.source_night (business_date, source, status, error, sealed_at)"
            " values ('2026-11-20', 'store', 'failed', 'receipts: the SFTP server does not answer', clock_timestamp())"
        )


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.usefixtures("night")
def test_report_prints_what_is_known_of_a_date(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = _run("report", "--date", "2026-11-20", "--html", str(page))
    assert done.exit_code == 0, done.output
    assert "the SFTP server does not answer" in done.output
    assert "2026-11-20" in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("night")
def test_approving_what_is_not_held_is_an_error_in_one_sentence() -> None:
    done = _run("campaign", "approve", "seg_birthday_care", "--date", "2026-11-20", "--who", "a tester")
    assert done.exit_code == 1
    assert "is not held on 2026-11-20" in " ".join(done.output.split())
    assert "Traceback" not in done.output


@pytest.mark.usefixtures("night")
def test_receipts_asks_only_channels_that_have_a_connection() -> None:
    done = _run("receipts")
    assert done.exit_code == 0, done.output
    assert done.output == ""


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    done = _run("source", "run", "no_such", "--date", "2026-11-20")
    assert done.exit_code == 2
    assert "tmall" in done.output


def test_a_source_without_a_connection_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_QUANYU_TMALL", raising=False)
    done = _run("source", "run", "tmall", "--date", "2026-11-20")
    assert done.exit_code == 1
    assert "AIRFLOW_CONN_QUANYU_TMALL" in str(done.exception) + done.output


def test_without_a_stack_and_a_warehouse_it_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("QUANYU_WAREHOUSE_URL", raising=False)
    done = _run("report", "--date", "2026-11-20", "--home", str(tmp_path))
    assert done.exit_code == 2
    assert "make up" in done.output


def test_every_command_of_the_runbook_exists() -> None:
    known = {command.name or str(command.callback and command.callback.__name__) for command in app.registered_commands}
    known |= {str(group.name) for group in app.registered_groups}
    named = set(re.findall(r"\bquanyu ([a-z]+)", RUNBOOK.read_text(encoding="utf-8")))
    assert named
    assert named <= known


def test_channels_shows_every_channel_and_audience_with_its_promise() -> None:
    done = _run("channels")
    assert done.exit_code == 0, done.output
    for name in ("aliyun_sms", "email_smtp", "jpush", "wecom_tag"):
        assert name in done.output
    assert "is parked" in " ".join(done.output.split())
