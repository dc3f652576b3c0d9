"""As soon as the marts of a date are published: segments -> plan -> ledger -> channels -> receipts -> the report.

The partition key comes from the asset `marts` and is the business date. Messages leave when the send window opens;
a run for an old date plans and reports but cannot send. Lists outside that mirror a segment are brought up to date at
once, and content teams get their briefs. A channel that fails holds up no other channel: `report` is always written,
and fails only then, so that the run tells the truth.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable

from quanyu.orchestration import (
    DEFAULTS,
    MARTS,
    WaitForWindow,
    audiences,
    brief,
    mirror,
    plan,
    receipts,
    report,
    send,
    settle,
)

with DAG(
    dag_id="activate",
    schedule=PartitionedAssetTimetable(assets=MARTS),
    default_args=DEFAULTS,
    catchup=False,
    max_active_runs=1,
    tags=["activate"],
    doc_md=__doc__,
):
    planned = plan()
    wait_for_window = WaitForWindow(task_id="wait_for_window")
    sent = send.expand(channel=planned)
    settled = settle.expand(channel=planned)
    received = receipts.expand(channel=planned)
    mirrored = mirror.expand(audience=audiences())
    briefed = brief()
    reported = report()

    planned >> wait_for_window >> sent >> settled >> received >> reported
    mirrored >> reported
    briefed >> reported
