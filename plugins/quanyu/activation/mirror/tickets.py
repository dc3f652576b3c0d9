"""Files that a platform works on: which it has not finished, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quanyu.activation.mirror.lists import List
from quanyu.activation.mirror.rows import change
from quanyu.contracts import Receipt, Verdict
from quanyu.warehouse import Connection

_CLOSE = (
    "delete from {rows} where {mine} and ticket = any(%(done)s) and state = 'removing'",
    """
    update {rows} set state = 'present', ticket = '', code = '', refusals = 0, changed_at = clock_timestamp()
    where {mine} and ticket = any(%(done)s)
    """,
    """
    update {rows} set ticket = '', code = %(code)s, refusals = refusals + 1, changed_at = clock_timestamp()
    where {mine} and ticket = any(%(failed)s) and state = 'removing'
    """,
    """
    update {rows} set state = 'refused', ticket = '', code = %(code)s, sealed = null, not_before = {rest},
        refusals = refusals + 1, changed_at = clock_timestamp()
    where {mine} and ticket = any(%(failed)s)
    """,
    "update {rows} set ticket = '' where {mine} and ticket = any(%(lost)s)",
)


def under_way(connection: Connection, of: List) -> list[str]:
    """Files of the list that the platform has not finished, as far as is known here."""
    rows = connection.execute(
        "select distinct ticket from activation.audience_member"
        " where audience = %(audience)s and segment = %(segment)s and ticket <> '' order by ticket",
        of.values,
    ).fetchall()
    return [ticket for (ticket,) in rows]


def close(connection: Connection, of: List, receipts: Sequence[Receipt], business_date: date) -> None:
    """Store what came of files: acknowledged, refused as a whole, or unknown to the platform and to be sent again."""
    by_verdict = {
        verdict: [receipt.key for receipt in receipts if receipt.verdict is verdict]
        for verdict in (Verdict.ACCEPTED, Verdict.REFUSED, Verdict.UNKNOWN)
    }
    values = {
        "date": business_date,
        "done": by_verdict[Verdict.ACCEPTED],
        "failed": by_verdict[Verdict.REFUSED],
        "lost": by_verdict[Verdict.UNKNOWN],
        "code": next((receipt.code for receipt in receipts if receipt.verdict is Verdict.REFUSED), ""),
    }
    for step in _CLOSE:
        change(connection, of, step, values)
