"""Whether tonight's marts may continue what the last build left, or have to be built anew.

A delta is believed only on top of a build that finished, of the same night or an earlier one, under the same policy and
the same code, with all its tables still there. Anything else is built anew, which gives the same outcome and takes
longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from quanyu import project_files, warehouse


@contextmanager
def continued(dsn: str, project: Path, business_date: date) -> Iterator[bool]:
    """Tell whether the build in this context may be a delta, and remember what it rests on if it ends well.

    An exception leaves the build unfinished: the next one starts anew.
    """
    policy = _policy(project)
    with warehouse.connect(dsn) as connection:
        row = connection.execute(
            """select policy = %s and business_date <= %s and is_finished and (
                select bool_and(to_regclass(model) is not null) from unnest(models) as model)
            from ops.marts_build""",
            [policy, business_date],
        ).fetchone()
        connection.execute("delete from ops.marts_build")
        connection.execute(
            """insert into ops.marts_build (policy, business_date, models, is_finished)
            values (%s, %s, '{}', false)""",
            [policy, business_date],
        )
    yield row == (True,)
    with warehouse.connect(dsn) as connection:
        connection.execute("delete from ops.marts_load")
        connection.execute("insert into ops.marts_load select load_id from ops.staged_load")
        connection.execute(
            """update ops.marts_build set is_finished = true, models = (
                select coalesce(array_agg(format('%I.%I', schemaname, tablename)), '{}') from pg_tables
                where schemaname in ('marts_build', 'marts_work') and tablename !~ '__(added|removed)$')"""
        )


def remember_staged(dsn: str, business_date: date) -> None:
    """Write down, before staging is built, which loads it is going to see."""
    with warehouse.connect(dsn) as connection:
        connection.execute("delete from ops.staged_load")
        connection.execute(
            """insert into ops.staged_load
            select load_id from ops.entity_load where status = 'admitted' and business_date <= %s""",
            [business_date],
        )


def _policy(project: Path) -> str:
    """A digest of all that marts depend on but the facts. A new segment or another text of one changes no mart."""
    folders = ("models/staging", "models/identity", "models/marts", "macros", "seeds")
    patterns = [f"{folder}/**/*{suffix}" for folder in folders for suffix in (".sql", ".csv", ".yml")]
    return project_files.digest(project, ["dbt_project.yml", *patterns])
