"""The vocabulary of the DAG files, and the only package that imports Airflow.

nightly, DEFAULTS, sources_on          when, with which retries, for whom
land, admit, seal                      ingest
WaitForSources, DbtBuild, gate, publish, announce   transform
plan, WaitForWindow, send, settle, receipts, audiences, mirror, brief, report   activate
"""

from quanyu.orchestration.clock import business_date, nightly
from quanyu.orchestration.connections import channels_on, connection, sources_on
from quanyu.orchestration.dbt import DbtBuild
from quanyu.orchestration.retries import BY_ERROR, DEFAULTS
from quanyu.orchestration.tasks import (
    MARTS,
    admit,
    announce,
    audiences,
    brief,
    gate,
    land,
    mirror,
    plan,
    publish,
    raw,
    receipts,
    report,
    seal,
    send,
    settle,
)
from quanyu.orchestration.triggers import NightSealed, WaitForSources, WaitForWindow

__all__ = [
    "BY_ERROR",
    "DEFAULTS",
    "MARTS",
    "DbtBuild",
    "NightSealed",
    "WaitForSources",
    "WaitForWindow",
    "admit",
    "announce",
    "audiences",
    "brief",
    "business_date",
    "channels_on",
    "connection",
    "gate",
    "land",
    "mirror",
    "nightly",
    "plan",
    "publish",
    "raw",
    "receipts",
    "report",
    "seal",
    "send",
    "settle",
    "sources_on",
]
