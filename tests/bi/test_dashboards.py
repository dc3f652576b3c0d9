"""Every dashboard of `superset/` opens in a browser, draws its charts from the marts and asks nobody else for anything.

Slow, and needs more than the lock: `make bi-test` installs Superset; Debian has chromium and chromium-driver. Looks at
the marts of QUANYU_WAREHOUSE_URL, else at those of the demo that is up (`make up`), else runs a night of its own first.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import yaml
from psycopg import sql

from quanyu import warehouse
from quanyu.local.night import run_night
from quanyu.local.processes import stop
from quanyu.local.stack import Stack
from quanyu.local.superset import ENVIRONMENT, Superset, make_login
from quanyu.settings import PROJECT
from tests.sandbox.company import running_company

DASHBOARDS = {
    dashboard["slug"]: dashboard
    for path in sorted((PROJECT / "superset" / "assets" / "dashboards").glob("*.yaml"))
    for dashboard in [yaml.safe_load(path.read_text(encoding="utf-8"))]
}
PICTURES = PROJECT / "var" / "superset" / "pictures"
MISSING = [
    what
    for what, is_there in {
        "Superset (make bi-test)": ENVIRONMENT.exists(),
        "chromium": shutil.which("chromium"),
        "chromium-driver": shutil.which("chromedriver"),
    }.items()
    if not is_there
]

pytestmark = [
    pytest.mark.timeout(2400),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a warehouse whose marts are published."""
    demo = Stack(PROJECT / "var" / "demo")
    if own := os.environ.get("QUANYU_WAREHOUSE_URL"):
        yield own
    elif demo.postgres and demo.postgres.is_running():
        yield demo.warehouse_url
    else:
        home, day = tmp_path_factory.mktemp("company") / "demo", date(2026, 11, 20)
        with running_company(home, people=300, seed=7, business_date=day) as company:
            assert run_night(company.stack, day).is_good
            yield company.stack.warehouse_url


@pytest.fixture(scope="module")
def reader(marts: str) -> Iterator[str]:
    """A login of the test's own: that of `make bi`, which may run beside it, keeps its password."""
    name, password = "quanyu_bi_test", secrets.token_urlsafe(24)
    place = urlsplit(marts).netloc.rpartition("@")[2]
    url = urlunsplit(urlsplit(marts)._replace(netloc=f"{name}:{password}@{place}"))
    make_login(marts, url)
    yield url
    with warehouse.connect(marts) as connection:
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def seen(marts: str, reader: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the browser saw of each dashboard."""
    superset = Superset(tmp_path_factory.mktemp("superset"), marts, reader)
    superset.up()
    try:
        look = (str(ENVIRONMENT / "bin" / "python"), str(Path(__file__).with_name("look.py")))
        done = subprocess.run(
            (*look, superset.url, str(PICTURES), *DASHBOARDS),
            env={**os.environ, "SUPERSET_ADMIN_PASSWORD": superset.admin_password},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        yield json.loads(done.stdout)
    finally:
        stop([superset.process])


@pytest.mark.parametrize("slug", sorted(DASHBOARDS))
def test_a_dashboard_draws_all_its_charts_without_an_error(seen: dict[str, Any], slug: str) -> None:
    charts = sum(
        isinstance(place, dict) and place["type"] == "CHART" for place in DASHBOARDS[slug]["position"].values()
    )
    assert seen[slug] == {
        "charts": charts, "drawn": charts, "loading": 0, "errors": [], "empty": [],
        "console": [], "failed": [], "foreign": [],
    }, f"look at {PICTURES / slug}.png"  # fmt: skip
