"""Whether tonight's identity may continue what the last build left, or has to be built anew.

A delta is believed only on top of a build that finished, under the same policy and the same code, with all its tables
still there. Anything else is built anew, which gives the same outcome and takes longer.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from quanyu import project_files, warehouse
from quanyu.contracts import Personal
from quanyu.settings import settings
from quanyu.vault import Vault

# What the last build must have left (dbt_project/models/identity and macros/identity).
_STATE = (
    "int_identity__newcomers",
    "int_identity__screened",
    "int_identity__resolution",
    "int_identity__labels",
    "int_identity__aliases",
    "int_identity__clusters",
    "int_identity__vetoes",
    "int_identity__epoch_edges",
    "int_identity__touched",
    "int_identity__components",
    "int_identity__merges",
    "bridge_account_customer",
    "bridge_identifier_customer",
)


@contextmanager
def continued(dsn: str, project: Path) -> Iterator[bool]:
    """Tell whether the build in this context may be a delta, and remember whether it finished.

    An exception leaves the build unfinished: the next one starts anew.
    """
    policy = _policy(dsn, project)
    with warehouse.connect(dsn) as connection:
        row = connection.execute("select policy = %s and is_finished from ops.identity_build", [policy]).fetchone()
        missing = connection.execute(
            "select count(*) from unnest(%s::text[]) as name where to_regclass('identity.' || name) is null",
            [list(_STATE)],
        ).fetchone()
        may_continue = row == (True,) and missing == (0,)
        connection.execute("delete from ops.identity_build")
        connection.execute("insert into ops.identity_build (policy, is_finished) values (%s, false)", [policy])
    yield may_continue
    with warehouse.connect(dsn) as connection:
        connection.execute("update ops.identity_build set is_finished = true")


def block_phones(dsn: str, seed: Path) -> None:
    """Hand identity the blocked phones of the policy."""
    rows = blocked_tokens(seed)
    with warehouse.connect(dsn) as connection:
        connection.execute("delete from ops.blocked_token")
        warehouse.copy_rows(
            connection,
            sql.Identifier("ops", "blocked_token"),
            ("identifier_type", "token", "reason"),
            (("phone", token, reason) for token, reason in rows.items()),
        )


def blocked_tokens(seed: Path) -> dict[str, str]:
    """The phones that a file of blocked values names, as the tokens under which they land (hashes too) -> reason."""
    vault = Vault(settings().vault_key_bytes, settings().digests)
    rows: dict[str, str] = {}
    with seed.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["identifier_type"] != "phone":
                continue
            token = vault.tokenise(Personal.PHONE, row["pattern"])
            rows |= dict.fromkeys((token.token, *token.aliases), row["reason"])
    return rows


def _policy(dsn: str, project: Path) -> str:
    """A digest of everything but evidence and decisions that identity depends on."""
    patterns = [
        "dbt_project.yml",
        "models/identity/**/*.sql",
        "models/identity/**/*.yml",
        "macros/**/*.sql",
        "seeds/identity_*.csv",
    ]
    digest = hashlib.sha256(project_files.digest(project, patterns).encode())
    with warehouse.connect(dsn) as connection:
        # Seeds can be changed in the warehouse too, and blocked phones depend on the vault's key.
        for table in ("policy.identity_identifier_types", "policy.identity_blocked_values", "ops.blocked_token"):
            rows = connection.execute(f"select t::text from {table} as t order by 1").fetchall()
            digest.update(repr((table, rows)).encode())
    return digest.hexdigest()
