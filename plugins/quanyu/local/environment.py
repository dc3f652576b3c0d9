"""The environment of Airflow's processes on one machine: small, on loopback, everything under one folder."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from quanyu.settings import PROJECT


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made on the first start and kept in `secrets.json` (0600): losing `vault_key` loses the vault."""

    vault_key: str
    fernet_key: str
    jwt_secret: str
    session_key: str
    admin_password: str

    @classmethod
    def of(cls, home: Path) -> Secrets:
        """Read them, or make them."""
        path = home / "secrets.json"
        if path.exists():
            return cls(**json.loads(path.read_text()))
        made = cls(
            vault_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            jwt_secret=secrets.token_urlsafe(64),
            session_key=secrets.token_urlsafe(32),
            admin_password=secrets.token_urlsafe(12),
        )
        write_private(path, json.dumps(asdict(made)))
        return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)


def metadata_database(warehouse_url: str) -> str:
    """The database of Airflow's metadata, beside the warehouse on the same server."""
    return urlsplit(warehouse_url).path.removeprefix("/") + "_airflow"


def metadata_url(warehouse_url: str) -> str:
    """The metadata database as SQLAlchemy wants it, on the warehouse's server."""
    path = f"/{metadata_database(warehouse_url)}"
    return urlunsplit(urlsplit(warehouse_url)._replace(scheme="postgresql+psycopg", path=path))


def environment(home: Path, *, warehouse_url: str, port: int, kept: Secrets, base: Mapping[str, str]) -> dict[str, str]:
    """What every process of the stack runs with: `base`, and ours over it.

    The operator's own metadata database (`AIRFLOW__DATABASE__SQL_ALCHEMY_CONN`), vault key and retry delay are kept.
    """
    folder = home / "airflow"
    address = f"http://127.0.0.1:{port}"
    metadata = base.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") or metadata_url(warehouse_url)
    options = {
        "core__dags_folder": PROJECT / "dags",
        "core__plugins_folder": PROJECT / "plugins",
        "core__load_examples": False,
        "core__default_timezone": "Asia/Shanghai",
        "core__executor": "LocalExecutor",
        "core__parallelism": 4,
        "core__default_task_retry_delay": base.get("AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY", "60"),
        "core__dags_are_paused_at_creation": False,
        "core__fernet_key": kept.fernet_key,
        "core__execution_api_server_url": f"{address}/execution/",
        "core__simple_auth_manager_users": "admin:admin",
        "core__simple_auth_manager_passwords_file": folder / "passwords.json",
        "database__sql_alchemy_conn": metadata,
        "database__sql_alchemy_conn_async": metadata,
        "api__host": "127.0.0.1",
        "api__port": port,
        "api__base_url": address,
        "api__workers": 1,
        "api__secret_key": kept.session_key,
        "api_auth__jwt_secret": kept.jwt_secret,
        "dag_processor__parsing_processes": 1,
        # Seconds. Beside other work a DAG takes longer than Airflow's 30 and 50, and its task fails before it starts.
        "core__dagbag_import_timeout": 120,
        "dag_processor__dag_file_processor_timeout": 150,
        "logging__base_log_folder": home / "logs" / "tasks",
        "usage_data_collection__enabled": False,
    }
    ours = {f"AIRFLOW__{name.upper()}": str(value) for name, value in options.items()}
    # Without cached byte code each of some forty processes a night compiles Airflow and dbt anew.
    inherited = {key: value for key, value in base.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        **ours,
        "AIRFLOW_HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', '')}",
        "QUANYU_HOME": str(home),
        "QUANYU_WAREHOUSE_URL": warehouse_url,
        "QUANYU_VAULT_KEY": inherited.get("QUANYU_VAULT_KEY") or kept.vault_key,
    }
