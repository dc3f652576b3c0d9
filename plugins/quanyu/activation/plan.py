"""Turn the published segments of one night into decisions and ledger rows; safe to repeat.

Planning again replaces whatever no sender has claimed and leaves the rest: a message that was claimed once
stays, with its person's decision, even when the person has left the segment since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu import warehouse
from quanyu.activation import contamination, counters, decide, hold, membership, pauses, wording
from quanyu.activation.definition import SegmentDefinition, load
from quanyu.activation.keys import holdout_salt
from quanyu.activation.ledger import lock
from quanyu.activation.templates import Template, template
from quanyu.contracts import Channel
from quanyu.errors import ConfigurationError, Rejected
from quanyu.warehouse import Connection

_NOT_PARAMS = ("one_id", "is_in_stock")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlan:
    """What one segment's planning came to; `held` says why its messages wait for a person."""

    segment: str
    audience: int
    messages: int
    held: str = ""


def plan(dsn: str, business_date: date, channels_on: Mapping[str, Channel], vault_key: bytes) -> list[SegmentPlan]:
    """Decide for every member of every segment, and write the ledger; one transaction.

    Raises Rejected when what readers see is not that night, ConfigurationError when a segment is wrong.
    """
    with warehouse.connect(dsn) as connection:
        return plan_within(connection, business_date, channels_on, vault_key)


def plan_within(
    connection: Connection, business_date: date, channels_on: Mapping[str, Channel], vault_key: bytes
) -> list[SegmentPlan]:
    """Plan in the caller's transaction, who may look at the outcome and take it back; raises what `plan` does."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended('quanyu.plan', 0))")
    _require_published(connection, business_date)
    segments = load(connection)
    for segment, definition in sorted(segments.items()):
        for channel in sorted(definition.channels):
            lock(connection, channel, segment)
    _forget_unclaimed(connection, business_date)
    counters.prepare(connection, business_date, segments.values(), channels_on)
    # A message on these waits for a person: they come last, for whoever can be told nowhere else.
    switched_off = pauses.switched_off(connection)
    planned = []
    for segment, definition in segments.items():
        columns = decide.columns_of(connection, segment)
        if definition.channels:
            wished = sorted(definition.channels, key=lambda name: name in switched_off)
            on = [channels_on[name] for name in wished if name in channels_on]
            planned.append(_plan_segment(connection, segment, definition, on, columns, business_date, vault_key))
        membership.record(connection, segment, business_date)
        contamination.record(
            connection, segment, business_date, salt=holdout_salt(vault_key, segment), holdout=definition.holdout
        )
    return planned


def _require_published(connection: Connection, business_date: date) -> None:
    row = connection.execute(
        "select business_date from ops.publication order by published_at desc, business_date desc limit 1"
    ).fetchone()
    if row is None or row[0] != business_date:
        seen = f"readers see {row[0]}" if row else "nothing was published yet"
        raise Rejected(
            f"cannot plan messages for {business_date}: {seen}.",
            remedy=f"run the transform of {business_date} first; messages rest on published tables only.",
        )


def _forget_unclaimed(connection: Connection, business_date: date) -> None:
    night = {"date": business_date}
    connection.execute("delete from activation.message where business_date = %(date)s and attempt = 0", night)
    connection.execute(
        "delete from activation.decision where business_date = %(date)s and not exists ("
        "select from activation.message where message.business_date = decision.business_date"
        " and message.segment = decision.segment and message.one_id = decision.one_id)",
        night,
    )
    connection.execute("delete from activation.hold where business_date = %(date)s and released_at is null", night)
    connection.execute(
        "delete from activation.plan where business_date = %(date)s and not exists ("
        "select from activation.decision where decision.business_date = plan.business_date"
        " and decision.segment = plan.segment)",
        night,
    )


def _plan_segment(  # noqa: PLR0917  # the order in which one says it: which segment, on which channels, for which night
    connection: Connection,
    segment: str,
    definition: SegmentDefinition,
    channels: Sequence[Channel],
    columns: Sequence[str],
    business_date: date,
    vault_key: bytes,
) -> SegmentPlan:
    said = {channel.name: template(definition, channel) for channel in channels}
    for channel in channels:
        _require_sayable(segment, definition, channel, said[channel.name], columns)
    audience = _audience(connection, segment, business_date)
    connection.execute(
        "insert into activation.plan (business_date, segment, act_version, audience, definition)"
        " values (%s, %s, %s, %s, %s) on conflict (business_date, segment) do update set"
        " audience = excluded.audience, act_version = excluded.act_version, definition = excluded.definition",
        [business_date, segment, definition.act_version, audience, Jsonb(definition.model_dump(mode="json"))],
    )
    held = hold.decide(connection, segment, definition, business_date, audience, _doubts_about(definition, said))
    messages = decide.choose(
        connection,
        segment,
        definition,
        business_date=business_date,
        said={channel.name: _said(channel, said[channel.name], columns) for channel in channels},
        is_stocked="is_in_stock" in columns,
        vault_key=vault_key,
        held=held,
    )
    return SegmentPlan(segment=segment, audience=audience, messages=messages, held=held)


def _said(channel: Channel, said: Template, columns: Sequence[str]) -> decide.Said:
    """Which columns a message needs, and which travel.

    All of them travel where the platform fills in what it likes, and where nobody here knows the approved text.
    """
    fields = [name for name in columns if name not in _NOT_PARAMS]
    is_open = said.text is None or (channel.is_personal and not channel.is_coded)
    return decide.Said(
        template=said.sent,
        required=fields if said.text is None else said.variables,
        params=fields if is_open else said.variables,
    )


def _require_sayable(
    segment: str, definition: SegmentDefinition, channel: Channel, said: Template, columns: Sequence[str]
) -> None:
    if missing := [name for name in said.variables if name not in columns]:
        raise ConfigurationError(
            f"segment {segment}: templates.{channel.name} asks for {', '.join(missing)}, which is no column of it.",
            remedy=f"select the column in dbt_project/models/segments/{segment}.sql or take it out of the template.",
        )
    if definition.purpose not in channel.purposes:
        raise ConfigurationError(
            f"segment {segment}: the platform takes no {definition.purpose} on {channel.name}.",
            remedy=f"take the channel out of the segment; it is for {', '.join(sorted(channel.purposes))}.",
        )


def _doubts_about(definition: SegmentDefinition, said: Mapping[str, Template]) -> list[str]:
    """What a person should look at before these words go out."""
    unknown = [
        f"{channel}: template {one.sent} is not in the seed message_templates"
        for channel, one in said.items()
        if one.text is None
    ]
    texts = {channel: one.text for channel, one in said.items() if one.text is not None}
    return unknown + wording.complaints(definition, texts)


def _audience(connection: Connection, segment: str, business_date: date) -> int:
    """Members, and people who left after their message was claimed."""
    query = sql.SQL(
        "select (select count(*) from {members}) + count(*) from activation.message"
        " where business_date = %s and segment = %s"
        " and not exists (select from {members} as member where member.one_id = message.one_id)"
    ).format(members=decide.members_of(segment))
    row = connection.execute(query, [business_date, segment]).fetchone()
    return int(row[0]) if row else 0
