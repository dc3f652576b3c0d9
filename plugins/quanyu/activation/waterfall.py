"""The waterfall of a night: what became of everybody in each segment's audience. It sums, exactly, at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from quanyu import warehouse

PARTS = (
    "sent",
    "holdout",
    "out_of_stock",
    "unreachable",
    "no_consent",
    "capped",
    "quiet",
    "duplicate",
    "deferred",
    "failed",
    "parked",
    "held",
    "pending",
)
"""Every word of the waterfall, in the order of reading.

sent: the provider took it (delivered ones included). failed: refused, not delivered, or never confirmed.
quiet: the day's send window closed first. deferred: put off for another reason. held: waits for a person's release.
parked: nobody can know whether it went out. pending: not sent yet, or its answer is still to be asked for.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallRow:
    """One segment of one night."""

    segment: str
    audience: int
    delivered: int
    parts: dict[str, int] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        """Audience less all parts; anything but 0 is a defect."""
        return self.audience - sum(self.parts.values())


_COUNT = """
with fate as (
    select
        decision.segment,
        case
            when decision.outcome <> 'message' then decision.outcome
            when message.state in ('sent', 'delivered') then 'sent'
            when message.state in ('failed_final', 'expired') then 'failed'
            when message.state = 'deferred' and message.reason = 'quiet hours' then 'quiet'
            when message.state = 'suppressed' and message.reason like '%%erased' then 'unreachable'
            when message.state = 'suppressed' then 'no_consent'
            when message.state in ('deferred', 'held', 'parked') then message.state
            when message.state in ('pending', 'sending') then 'pending'
        end as part,
        message.state = 'delivered' as is_delivered
    from activation.decision
    left join activation.message using (business_date, segment, one_id)
    where decision.business_date = %(date)s
)

select
    plan.segment, plan.audience, coalesce(fate.part, 'nowhere') as part,
    count(fate.segment) as people, count(*) filter (where fate.is_delivered) as delivered
from activation.plan left join fate using (segment)
where plan.business_date = %(date)s
group by plan.segment, plan.audience, fate.part, (plan.definition ->> 'priority')::int
order by (plan.definition ->> 'priority')::int, plan.segment
"""


def waterfall(dsn: str, business_date: date) -> list[WaterfallRow]:
    """One row per planned segment, the most important first; empty when nothing was planned."""
    with warehouse.connect(dsn) as connection:
        rows = connection.execute(_COUNT, {"date": business_date}).fetchall()
    found: dict[str, WaterfallRow] = {}
    for segment, audience, part, people, delivered in rows:
        row = found.get(segment) or WaterfallRow(segment=segment, audience=audience, delivered=0)
        parts = row.parts or dict.fromkeys(PARTS, 0)
        # A person without a decision or a message is counted nowhere, so that the difference tells.
        if part in parts:
            parts[part] += people
        found[segment] = WaterfallRow(
            segment=segment, audience=audience, delivered=row.delivered + delivered, parts=parts
        )
    return list(found.values())
