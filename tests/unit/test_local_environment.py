"""What the processes of the local stack run with."""

from __future__ import annotations

from pathlib import Path

from quanyu.local.environment import Secrets, environment, metadata_url
from quanyu.settings import PROJECT

URL = "postgresql://quanyu:a%2Fb@127.0.0.1:5432/quanyu"


def _made(home: Path, **base: str) -> dict[str, str]:
    return environment(home, warehouse_url=URL, port=8081, kept=Secrets.of(home), base=base)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = Secrets.of(tmp_path)
    assert Secrets.of(tmp_path) == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0
    assert Secrets.of(tmp_path / "another") != first


def test_the_metadata_stand_beside_the_warehouse() -> None:
    assert metadata_url(URL) == "postgresql+psycopg://quanyu:a%2Fb@127.0.0.1:5432/quanyu_airflow"


def test_everything_is_on_loopback_and_below_the_folder(tmp_path: Path) -> None:
    made = _made(tmp_path)
    assert made["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8081/execution/"
    for key in ("AIRFLOW_HOME", "QUANYU_HOME", "AIRFLOW__LOGGING__BASE_LOG_FOLDER"):
        assert Path(made[key]).is_relative_to(tmp_path), key


def test_what_the_operator_set_wins_over_what_we_would_make(tmp_path: Path) -> None:
    theirs = {
        "QUANYU_VAULT_KEY": "their own key",
        "QUANYU_NOW": "2026-11-21T10:00:00+08:00",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg://elsewhere/airflow",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
        "AIRFLOW_CONN_QUANYU_TMALL": "{}",
    }
    made = _made(tmp_path, **theirs)
    assert {key: made[key] for key in theirs} == theirs
    assert made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"] == "postgresql+psycopg://elsewhere/airflow"


def test_another_airflow_of_the_operator_is_left_alone(tmp_path: Path) -> None:
    made = _made(tmp_path, AIRFLOW_HOME="/their/airflow", AIRFLOW__CORE__DAGS_FOLDER="/their/dags")
    assert Path(made["AIRFLOW_HOME"]).is_relative_to(tmp_path)
    assert Path(made["AIRFLOW__CORE__DAGS_FOLDER"]) == PROJECT / "dags"


def test_an_empty_vault_key_in_env_is_no_key(tmp_path: Path) -> None:
    """`.env.example` copied and not filled in."""
    assert _made(tmp_path, QUANYU_VAULT_KEY="")["QUANYU_VAULT_KEY"] == Secrets.of(tmp_path).vault_key


def test_byte_code_is_cached_even_where_the_shell_says_not_to(tmp_path: Path) -> None:
    assert "PYTHONDONTWRITEBYTECODE" not in _made(tmp_path, PYTHONDONTWRITEBYTECODE="1")
