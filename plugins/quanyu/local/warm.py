"""`python -m quanyu.local.warm scheduler`: Airflow, with the night's heavy imports already made.

The local executor's workers fork from the scheduler and every task forks from a worker, so what the scheduler has
imported no task imports again. Measured on two cores: importing Great Expectations costs 6 s of CPU, dbt 2.5 s, our
orchestration 3 s, and a night of thirty sources has more than a hundred tasks. On macOS tasks are started with exec
and pay for themselves, as they would anyway.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys

_HEAVY = ("great_expectations", "dbt.cli.main", "quanyu.orchestration")


def main() -> None:
    """Import, then become `airflow <arguments>`."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read on import; nothing is sent anywhere
    for name in _HEAVY:
        importlib.import_module(name)
    sys.argv[0] = "airflow"
    runpy.run_module("airflow", run_name="__main__")


if __name__ == "__main__":
    main()
