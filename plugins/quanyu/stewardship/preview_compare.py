"""What the night shows beside what a shadow build shows: the rows that differ, each query ordered by its whole row."""

from __future__ import annotations

from psycopg import sql

from quanyu.stewardship.preview_rows import AccountMove, AudienceChange, FigureMove, OrderMove, PersonChange
from quanyu.warehouse import Connection

_ACCOUNTS = """
select account_key, coalesce(old.account_type, new.account_type),
    coalesce(old.one_id, ''), coalesce(new.one_id, '')
from {old}.bridge_account_customer as old
full join {new}.bridge_account_customer as new using (account_key)
where old.one_id is distinct from new.one_id
"""

# In a hash join of two aggregates: a look-up per person would cost more than both builds' bridges together.
_PEOPLE = """
with moved as (
    select coalesce(old.one_id, '') as old_id, coalesce(new.one_id, '') as new_id, count(*) as accounts
    from {old}.bridge_account_customer as old
    full join {new}.bridge_account_customer as new using (account_key)
    where old.one_id is distinct from new.one_id
    group by 1, 2
),

met as (
    select moved.*,
        stays.one_id is not null as is_kept,
        known.one_id is not null as is_known
    from moved
    left join (select distinct one_id from {new}.bridge_account_customer) as stays on moved.old_id = stays.one_id
    left join (select distinct one_id from {old}.bridge_account_customer) as known on moved.new_id = known.one_id
)

select
    case
        when old_id = '' then case when is_known then 'joined' else 'born' end
        when new_id = '' then case when is_kept then 'left' else 'gone' end
        when is_kept then case when is_known then 'moved' else 'split' end
        else case when is_known then 'merged' else 'renamed' end
    end,
    old_id, new_id, accounts
from met
"""

_AUDIENCE = """
select %(segment)s, case when old.one_id is null then 'gained' else 'lost' end, one_id
from {old} as old full join {new} as new using (one_id)
where old.one_id is null or new.one_id is null
"""

_ORDERS = """
select order_key, coalesce(new.channel, old.channel), coalesce(new.net_fen, old.net_fen),
    coalesce(old.one_id, ''), coalesce(new.one_id, '')
from {old}.fct_orders as old full join {new}.fct_orders as new using (order_key)
where old.one_id is distinct from new.one_id
"""

_FIGURES = """
with first_orders as (
    select distinct on (one_id) one_id, channel from {marts}.fct_orders
    where one_id is not null and is_paid
    order by one_id, ordered_at, order_key
),

first_acts as (
    select distinct on (one_id) one_id, channel from {marts}.fct_touchpoints
    where one_id is not null
    order by one_id, occurred_at, touchpoint_key
),

-- One row per figure and channel; cross join lateral gives each figure its name once.
by_channel as (
    select 'fct_orders' as mart, figure.*, channel as key from (
        select channel, sum(net_fen) as known_net_fen, count(distinct one_id) filter (where is_paid) as known_buyers
        from {marts}.fct_orders where one_id is not null group by channel
    ) as orders
    cross join lateral (values ('known_net_fen', known_net_fen), ('known_buyers', known_buyers)) as figure (name, value)
    union all
    select 'dim_customers', figure.*, channel from (
        select channel, count(*) as customers, sum(net_revenue_fen) as net_fen
        from first_orders inner join {marts}.dim_customers using (one_id) group by channel
    ) as ordered
    cross join lateral (
        values ('first_order_customers', customers), ('first_order_net_fen', net_fen)
    ) as figure (name, value)
    union all
    select 'fct_touchpoints', figure.*, channel from (
        select channel, count(*) as customers, sum(net_revenue_fen) as net_fen
        from first_acts inner join {marts}.dim_customers using (one_id) group by channel
    ) as met
    cross join lateral (
        values ('first_touch_customers', customers), ('first_touch_net_fen', net_fen)
    ) as figure (name, value)
)

select mart, name, key, value::bigint from by_channel
union all
-- Whatever figures the funnel has: every column that is no key of it and holds a number.
select 'fct_funnel_daily', cell.key, concat_ws('|', funnel.funnel_on, funnel.channel, funnel.stage), cell.value::bigint
from {marts}.fct_funnel_daily as funnel
cross join lateral jsonb_each(to_jsonb(funnel)) as cell
where jsonb_typeof(cell.value) = 'number'
"""

_FIGURES_APART = """
select mart, figure, key, old.value, new.value
from ({old}) as old (mart, figure, key, value) full join ({new}) as new (mart, figure, key, value)
using (mart, figure, key)
where old.value is distinct from new.value
"""


def accounts(connection: Connection, old: str, new: str) -> tuple[AccountMove, ...]:
    """The accounts whose One-ID differs between two schemas of identity."""
    return tuple(sorted(AccountMove(*row) for row in connection.execute(_between(_ACCOUNTS, old, new))))


def people(connection: Connection, old: str, new: str) -> tuple[PersonChange, ...]:
    """What becomes of each One-ID between two schemas of identity."""
    return tuple(sorted(PersonChange(*row) for row in connection.execute(_between(_PEOPLE, old, new))))


def audiences(connection: Connection, old: str, new: str) -> tuple[AudienceChange, ...]:
    """Who enters or leaves each segment between two schemas of segments."""
    found = []
    for (segment,) in connection.execute("select segment from ops.segment order by segment").fetchall():
        query = sql.SQL(_AUDIENCE).format(old=sql.Identifier(old, segment), new=sql.Identifier(new, segment))
        found += [AudienceChange(*row) for row in connection.execute(query, {"segment": segment})]
    return tuple(sorted(found))


def orders(connection: Connection, old: str, new: str) -> tuple[OrderMove, ...]:
    """The orders whose buyer differs between two schemas of marts."""
    return tuple(sorted(OrderMove(*row) for row in connection.execute(_between(_ORDERS, old, new))))


def figures(connection: Connection, old: str, new: str) -> tuple[FigureMove, ...]:
    """The figures that differ between two schemas of marts."""
    schemas = {"old": old, "new": new}
    both = {name: sql.SQL(_FIGURES).format(marts=sql.Identifier(schema)) for name, schema in schemas.items()}
    rows = [FigureMove(*row) for row in connection.execute(sql.SQL(_FIGURES_APART).format(**both))]
    return tuple(sorted(rows, key=lambda row: (row.mart, row.figure, row.key)))


def _between(query: str, old: str, new: str) -> sql.Composed:
    return sql.SQL(query).format(old=sql.Identifier(old), new=sql.Identifier(new))
