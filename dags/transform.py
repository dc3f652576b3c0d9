"""Every night at 01:00 in Shanghai: wait for the sources, then raw -> staging -> identity -> marts -> segments.

The partition key is the business date. It runs once per date: `wait` leaves its worker until every source that is
switched on is sealed, or until its patience ends; what is missing then is stale, and exits that rest on it are held.
Readers see the night when `publish` says so, whole; a gate that does not hold leaves them the last good one. A
backfill ends there: `announce`, which starts `activate`, is skipped.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from quanyu.orchestration import DEFAULTS, DbtBuild, WaitForSources, announce, gate, nightly, publish

with DAG(
    dag_id="transform",
    schedule=nightly("0 1 * * *"),
    default_args=DEFAULTS,
    catchup=False,
    max_active_runs=1,
    params={
        "patience_hours": Param(5, type="number", minimum=0, description="How long a source may take."),
        "is_backfill": Param(False, type="boolean", description="Publish, and let nobody be sent anything."),
    },
    tags=["transform"],
    doc_md=__doc__,
):
    wait = WaitForSources(task_id="wait")
    staging = DbtBuild(layer="staging")
    identity = DbtBuild(layer="identity")
    marts = DbtBuild(layer="marts")
    segments = DbtBuild(layer="segments")
    gate_identity = gate.override(task_id="gate_identity")("identity")
    gate_segments = gate.override(task_id="gate_segments")("segments")
    published = publish()
    announced = announce("{{ params.is_backfill }}")

    wait >> staging >> identity >> gate_identity >> marts >> segments >> gate_segments >> published >> announced
