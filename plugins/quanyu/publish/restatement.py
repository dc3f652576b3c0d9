"""Name the cause of every published figure that tonight's publication changes.

Both versions are at hand only before the difference is written. A figure is restated when it was shown before and
is not merely a night older: facts of days that were published, and what is said of people whom identity changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from quanyu.publish import funnel, moves
from quanyu.warehouse import Connection

_NEEDED = {
    "bridge_customer_accounts": {"account_key", "one_id"},
    "dim_customers": {"one_id", "net_revenue_fen", "orders_count", "first_order_on", "last_order_on", "accounts_count"},
    "fct_orders": {"order_key", "one_id", "ordered_on", "gross_fen", "refunded_fen", "net_fen", "is_paid"},
    "fct_touchpoints": {"touchpoint_key", "one_id", "occurred_on", "occurred_at", "quantity", "revenue_fen"},
    "fct_funnel_daily": {"funnel_on", "channel", "stage", *funnel.FIGURES},
    "fct_consents": {"one_id", "purpose", "channel", "is_granted"},
}

# What a customer is called, and what may be read about one only where the mart itself is read.
_NO_FIGURES = ("one_id", "birthday_mmdd", "lunar_birthday_mmdd")

# Grain: fact that was shown with another person than tonight's or with other figures, or that comes late. `was` and
# `now`: the person before and after what identity changed; a platform's correction is no change of identity.
_FACTS = """
create temporary table {delta} on commit drop as
select
    {key} as key, to_jsonb(shown) as shown, to_jsonb(built) as built, shown.one_id as was,
    case when moved.cause is null then shown.one_id else built.one_id end as now,
    moved.*
from marts.{mart} as shown
full join marts_build.{mart} as built using ({key})
left join lateral (
    select cause, one_id, other_one_id, happened_on, identifier_type, decision_id, detail
    from change where change.from_one_id = shown.one_id and change.to_one_id = built.one_id
    union all
    select 'identified', built.one_id, null, null, null, null, null
    where shown.{day} is not null and shown.one_id is null and built.one_id is not null
    union all
    select 'refused', shown.one_id, null, happened_on, identifier_type, decision_id, detail
    from (select) as once
    left join change on change.from_one_id = shown.one_id and change.to_one_id is null
    where built.{day} is not null and shown.one_id is not null and built.one_id is null
) as moved on true
where
    row({shown_columns}) is distinct from row({built_columns})
    and (shown.{day} is not null or built.{day} <= %(previous)s);
"""

# Somebody whose facts were nobody's until tonight, or are nobody's from tonight, is involved like one who merged.
_NAMED = """
insert into involved (person, hub, cause, one_id, happened_on, identifier_type, decision_id, detail)
select distinct on (one_id) one_id, one_id, cause, one_id, happened_on, identifier_type, decision_id, detail
from {delta} where cause in ('identified', 'refused')
order by one_id, cause on conflict do nothing
"""

_INSERT = """
insert into ops.restatement (
    business_date, previous_date, mart, key, figure, value_before, value_after,
    cause, one_id, other_one_id, happened_on, identifier_type, decision_id, detail
)
"""

_PERSON_OF_FACTS = """
select
    %(date)s, %(previous)s, {name}, {told_key}, 'one_id', was, now,
    cause, one_id, other_one_id, happened_on, identifier_type, decision_id, detail
from {delta} where cause is not null
order by key
"""

# Whole facts that come late or are gone are told by their money; of acts, the funnel tells how many.
_FIGURES_OF_FACTS = """
select
    %(date)s, %(previous)s, {name}, {told_key}, figure, shown ->> figure, built ->> figure,
    case
        when shown is null then 'late_evidence'
        when figure = any(%(refunded)s) and {is_refund} then 'refund'
        else 'corrected'
    end,
    null, null, null, null, null, null
from {delta} cross join unnest(%(figures)s::text[]) as figure
where
    shown ->> figure is distinct from built ->> figure
    and not (figure = 'one_id' and cause is not null)
    and (shown is not null and built is not null or figure = any(%(counted)s))
order by key, figure
"""

# The additive figures are what was shown, of the persons as they are known tonight: facts of the night are no part.
_CUSTOMERS = """
with bought as (
    select person, sum(net_fen) as net_revenue_fen, count(*) filter (where is_paid) as orders_count,
        min(ordered_on) filter (where is_paid) as first_order_on,
        max(ordered_on) filter (where is_paid) as last_order_on
    from (
        select shown.net_fen, shown.is_paid, shown.ordered_on, fct_orders_delta.now as person
        from fct_orders_delta inner join marts.fct_orders as shown on shown.order_key = fct_orders_delta.key
        where fct_orders_delta.cause is not null
        union all
        select net_fen, is_paid, ordered_on, one_id
        from marts.fct_orders as facts
        where one_id in (select person from involved)
            and not exists (select from fct_orders_delta where key = facts.order_key and cause is not null)
    ) as fact
    group by person
),

held as (
    select coalesce(moved_account.to_one_id, account.one_id) as person, count(*) as accounts_count
    from marts.bridge_customer_accounts as account
    left join moved_account using (account_key)
    where (moved_account.account_key is null or moved_account.to_one_id is not null)
        and coalesce(moved_account.to_one_id, account.one_id) in (select person from involved)
    group by 1
),

told as (
    select
        involved.*, to_jsonb(shown) as before,
        to_jsonb(built) || jsonb_build_object(
            'net_revenue_fen', coalesce(bought.net_revenue_fen, 0), 'orders_count', coalesce(bought.orders_count, 0),
            'first_order_on', bought.first_order_on, 'last_order_on', bought.last_order_on,
            'accounts_count', coalesce(held.accounts_count, 0)
        ) as after
    from involved
    left join marts.dim_customers as shown on shown.one_id = involved.person
    left join marts_build.dim_customers as built on built.one_id = involved.person
    left join bought using (person)
    left join held using (person)
)

select
    %(date)s, %(previous)s, 'dim_customers', person, figure, before ->> figure, after ->> figure,
    cause, one_id, other_one_id, happened_on, identifier_type, decision_id, nullif(detail, '')
from told cross join unnest(%(figures)s::text[]) as figure
where before ->> figure is distinct from after ->> figure
order by person, figure
"""

_CONSENTS = """
select
    %(date)s, %(previous)s, 'fct_consents', concat_ws('|', person, purpose, channel), 'is_granted',
    shown.is_granted::text, built.is_granted::text,
    cause, involved.one_id, other_one_id, happened_on, identifier_type, decision_id, nullif(detail, '')
from (select * from marts.fct_consents where one_id in (select person from involved)) as shown
full join (select * from marts_build.fct_consents where one_id in (select person from involved)) as built
    using (one_id, purpose, channel)
inner join involved on involved.person = coalesce(shown.one_id, built.one_id)
where shown.is_granted is distinct from built.is_granted
order by 4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fact:
    """A mart of single facts: how its rows are named, and which of its columns a refund changes."""

    mart: str
    key: str
    day: str
    told_key: sql.Composable
    refunded: tuple[str, ...]
    counted: tuple[str, ...]
    is_refund: sql.Composable

    @property
    def delta(self) -> sql.Identifier:
        """The temporary table of its rows that changed."""
        return sql.Identifier(f"{self.mart}_delta")


_ORDERS = _Fact(
    mart="fct_orders",
    key="order_key",
    day="ordered_on",
    told_key=sql.SQL("key"),
    refunded=("refunded_fen", "net_fen"),
    counted=("gross_fen", "refunded_fen", "net_fen"),
    is_refund=sql.SQL("shown ->> 'gross_fen' = built ->> 'gross_fen'"),
)
_INTERACTIONS = _Fact(
    mart="fct_touchpoints",
    key="touchpoint_key",
    day="occurred_on",
    # The key of an act holds an openid or an external user id.
    told_key=sql.SQL("md5(key)"),
    refunded=("revenue_fen",),
    counted=(),
    is_refund=sql.SQL("(shown ->> 'revenue_fen')::bigint > (built ->> 'revenue_fen')::bigint"),
)


def restate(connection: Connection, business_date: date) -> int:
    """Write why the figures of this publication are not what readers saw; return how many rows.

    Nothing is restated where nothing was published yet or tonight's columns cannot be compared with it.
    """
    row = connection.execute("select business_date from ops.publication order by published_at desc limit 1").fetchone()
    if row is None or not all(_NEEDED[mart] <= set(_shared(connection, mart)) for mart in _NEEDED):
        return 0
    night = {"date": business_date, "previous": row[0]}
    moves.find(connection, previous=row[0], business_date=business_date)
    count = _facts(connection, _ORDERS, night) + _facts(connection, _INTERACTIONS, night)
    figures = [column for column in _shared(connection, "dim_customers") if column not in _NO_FIGURES]
    count += connection.execute(_INSERT + _CUSTOMERS, {**night, "figures": figures}).rowcount
    count += connection.execute(_INSERT + _CONSENTS, night).rowcount
    return count + funnel.restate(connection, _INSERT, night)


def _facts(connection: Connection, fact: _Fact, night: Mapping[str, date]) -> int:
    columns = [column for column in _shared(connection, fact.mart) if column != fact.key]
    names = {
        "mart": sql.Identifier(fact.mart),
        "name": sql.Literal(fact.mart),
        "delta": fact.delta,
        "key": sql.Identifier(fact.key),
        "day": sql.Identifier(fact.day),
        "told_key": fact.told_key,
        "is_refund": fact.is_refund,
        "shown_columns": sql.SQL(", ").join(sql.Identifier("shown", column) for column in columns),
        "built_columns": sql.SQL(", ").join(sql.Identifier("built", column) for column in columns),
    }
    values = {**night, "figures": columns, "refunded": list(fact.refunded), "counted": list(fact.counted)}
    connection.execute(sql.SQL(_FACTS).format(**names), values)
    connection.execute(sql.SQL("analyze {delta}").format(**names))
    connection.execute(sql.SQL(_NAMED).format(**names))
    persons = connection.execute(sql.SQL(_INSERT + _PERSON_OF_FACTS).format(**names), values).rowcount
    return persons + connection.execute(sql.SQL(_INSERT + _FIGURES_OF_FACTS).format(**names), values).rowcount


def _shared(connection: Connection, mart: str) -> list[str]:
    """The columns of a mart that readers see and that were built again."""
    rows = connection.execute(
        "select shown.attname from pg_attribute as shown"
        " inner join pg_attribute as built on built.attname = shown.attname and built.atttypid = shown.atttypid"
        " where shown.attrelid = to_regclass(%s) and built.attrelid = to_regclass(%s)"
        " and shown.attnum > 0 and built.attnum > 0 and not shown.attisdropped and not built.attisdropped"
        " order by shown.attnum",
        [f"marts.{mart}", f"marts_build.{mart}"],
    )
    return [str(name) for (name,) in rows]
