"""The tasks of the three DAGs: each hands a business date and a connection to the core, and nothing more."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from airflow.sdk import Asset, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from quanyu import activation, discovery, gates, landing
from quanyu import publish as publishing
from quanyu.activation import handoff
from quanyu.activation import mirror as mirroring
from quanyu.contracts import Channel, ChannelClient, Source
from quanyu.errors import NotReady, Rejected, Throttled
from quanyu.landing.tokens import WarehouseTokens
from quanyu.orchestration.clock import backfill_window, business_date
from quanyu.orchestration.connections import audiences_on, channels_on, connection, switched_on
from quanyu.report import night_report, render_html
from quanyu.settings import settings
from quanyu.vault import Vault

logger = logging.getLogger(__name__)

MARTS = Asset("marts")
"""What `publish` brings out and `announce` says, one partition per business date; `activate` waits for it."""


def raw(source: Source) -> Asset:
    """The asset that stands for everything a source landed."""
    return Asset(f"raw/{source.name}")


@task(map_index_template="{{ task.op_kwargs['entity'] }}")
def land(source: str, entity: str) -> int:
    """Read one entity into its pen: what the night has to read, or the days that a backfill asks for."""
    declared = discovery.sources()[source]
    return landing.land(
        declared,
        next(found for found in declared.entities if found.name == entity),
        connection(source),
        business_date(),
        dsn=settings().dsn,
        vault=_vault(),
        history_days=settings().history_days,
        window=backfill_window(),
    )


# all_done: an entity that could not be read is no reason to keep the others of its source out.
@task(task_id="gate", trigger_rule=TriggerRule.ALL_DONE)
def admit(source: str) -> None:
    """Check what landed, then let into raw what held."""
    dsn, day = settings().dsn, business_date()
    try:
        if pens := landing.pens(dsn, day, source):
            gates.check(dsn, "raw", day, pens)
    finally:
        landing.admit(dsn, day, source)


@task(trigger_rule=TriggerRule.ALL_DONE)
def seal(source: str) -> None:
    """Write the source's line in the night ledger; then fail, if the source did, so that the run says so too."""
    night = landing.seal(settings().dsn, business_date(), discovery.sources()[source])
    if night.status != "complete":
        raise Rejected(
            f"{source} is {night.status}: {night.error}",
            remedy="the night goes on without it. Mend the cause, then clear the failed `land` tasks of this run.",
        )


@task
def gate(name: str) -> None:
    """Check what a layer built. Readers keep the last good night when it does not hold."""
    gates.check(settings().dsn, name, business_date(), None)


@task
def publish() -> dict[str, int]:
    """Show the night to its readers, all of it at once; rows changed per table."""
    return publishing.publish(settings().dsn, business_date())


@task(outlets=[MARTS])
def announce(is_quiet: bool | str) -> None:
    """Let `activate` begin; a backfill changes what is known of the past and gives nobody a message."""
    if str(is_quiet) == "True":
        raise AirflowSkipException("a backfill sends nothing")


@task
def plan() -> list[str]:
    """Decide who gets what and why not; the channels, of those switched on, that have something to do."""
    dsn, channels = settings().dsn, channels_on()
    for segment in activation.plan(dsn, business_date(), channels, settings().vault_key_bytes):
        logger.info("%s: %d people, %d messages %s", segment.segment, segment.audience, segment.messages, segment.held)
    return sorted(channels.keys() & activation.channels_at_work(dsn, business_date()))


@task(map_index_template="{{ task.op_kwargs['channel'] }}")
def send(channel: str) -> dict[str, int]:
    """Send what is due on one channel, who said stop meanwhile left out; messages per state."""
    found, client = _open(channel)
    dsn, vault = settings().dsn, _vault()
    with client as connected:
        activation.collect_replies(dsn, found, connected, vault)
        report = activation.send(
            dsn, business_date(), found, connected, settings().business_now, vault, claim_log=_claim_log()
        )
    return dict(report.states)


# all_done: one channel's bad day is no reason to leave the others' messages unresolved.
@task(map_index_template="{{ task.op_kwargs['channel'] }}", trigger_rule=TriggerRule.ALL_DONE)
def settle(channel: str) -> dict[str, int]:
    """Resolve what a lost answer left open, of any night, and send what never arrived; messages per state."""
    found, client = _open(channel)
    dsn, vault = settings().dsn, _vault()
    with client as connected:
        report = activation.settle(dsn, found, connected, settings().business_now, vault)
        if report.states["pending"]:
            activation.send(
                dsn, business_date(), found, connected, settings().business_now, vault, claim_log=_claim_log()
            )
    if report.again_at:
        raise Throttled(f"{channel}: some answers can be asked for only later.", until=report.again_at)
    return dict(report.states)


@task(map_index_template="{{ task.op_kwargs['channel'] }}", trigger_rule=TriggerRule.ALL_DONE)
def receipts(channel: str) -> dict[str, int]:
    """Take away what lies there for erased people; pull what became of the messages under way, messages per state."""
    found, client = _open(channel)
    with client as connected:
        activation.forget_erased(settings().dsn, found, connected)
        report = activation.collect_receipts(settings().dsn, found, connected, settings().business_now, _vault())
    return dict(report.states)


@task
def audiences() -> list[str]:
    """The audiences, of those switched on, that mirror a segment or still hold somebody."""
    return sorted(audiences_on().keys() & mirroring.at_work(settings().dsn))


@task(map_index_template="{{ task.op_kwargs['audience'] }}")
def mirror(audience: str) -> dict[str, int]:
    """Make the lists of one platform equal their segments; rows added, removed, refused."""
    found, dsn, vault = discovery.audiences()[audience], settings().dsn, _vault()
    where = replace(connection(found.connection), tokens=WarehouseTokens(dsn, vault, found.connection))
    with found.connect(where) as client:
        done = mirroring.run(
            dsn, business_date(), found, client, settings().business_now, vault, settings().vault_key_bytes
        )
    for segment, reason in done.held.items():
        logger.warning("%s: %s waits for a person: %s", audience, segment, reason)
    if not done.is_done:
        raise NotReady(
            f"{audience}: the platform has not answered for everybody.", remedy="nothing; it is asked again."
        )
    return dict(done.counts)


@task
def brief() -> int:
    """Write the briefs of the content teams, where they have a folder; how many segments have one."""
    if (where := switched_on(handoff.CONNECTION)) is None:
        raise AirflowSkipException(f"quanyu_{handoff.CONNECTION} is switched off")
    return handoff.hand_over(settings().dsn, business_date(), where)


@task(trigger_rule=TriggerRule.ALL_DONE)
def report() -> str:
    """Write the night's page; then fail if any task of the run did, so that the run says so too."""
    day = business_date()
    page = settings().home / "reports" / f"{day}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    render_html(night_report(settings().dsn, day), page)
    if failed := _failed_tasks():
        raise Rejected(f"failed before this: {', '.join(failed)}.", remedy="their logs say why; the report is written.")
    return str(page)


def _open(name: str) -> tuple[Channel, AbstractContextManager[ChannelClient]]:
    channel = discovery.channels()[name]
    return channel, channel.connect(connection(channel.connection))


def _claim_log() -> activation.ClaimLog:
    return activation.ClaimLog(settings().home / "claims")


def _vault() -> Vault:
    return Vault(settings().vault_key_bytes, settings().digests)


def _failed_tasks() -> list[str]:
    ti: Any = get_current_context()["ti"]
    crumbs = ti.get_task_breadcrumbs(dag_id=ti.dag_id, run_id=ti.run_id)
    return sorted({crumb["task_id"] for crumb in crumbs if crumb["state"] == "failed"})
