"""Every night at 01:00 in Shanghai: what each platform says about the day before -> raw.<source>__<entity>.

One DAG per source that is switched on, that is, whose connection `quanyu_<name>` exists. The partition key is the
business date. An entity that fails stops neither the others nor the night: `seal` writes what happened into the
ledger that `transform` waits for, and fails only then, so that the run tells the truth.

A backfill (`quanyu backfill --from --to`) is a run for the last business date that reads other days.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from quanyu.orchestration import DEFAULTS, admit, land, nightly, raw, seal, sources_on

_DAY = {"default": None, "type": ["null", "string"], "format": "date"}

for source in sources_on():
    with DAG(
        dag_id=f"ingest__{source.name}",
        schedule=nightly("0 1 * * *"),
        default_args=DEFAULTS,
        catchup=False,
        max_active_runs=1,
        params={
            "first_day": Param(**_DAY, description="Of a backfill: the first day to read."),
            "last_day": Param(**_DAY, description="Of a backfill: the last day to read."),
        },
        tags=["ingest"],
        doc_md=source.about,
    ):
        landed = land.partial(source=source.name).expand(entity=[entity.name for entity in source.entities])
        admitted = admit(source.name)
        sealed = seal.override(outlets=[raw(source)])(source.name)

        landed >> admitted >> sealed
