-- Counted from the orders: members who are still there and paid since they joined, within the window.
with

members as (
    select
        members.group_key,
        members.member_key,
        members.joined_on,
        accounts.one_id
    from {{ ref('int_community_members') }} as members
    inner join {{ ref('bridge_account_customer') }} as accounts on members.account_key = accounts.account_key
    where members.left_on is null
),

trading as (
    select
        members.group_key,
        count(distinct members.member_key) as members_count
    from members
    inner join {{ ref('fct_orders') }} as orders
        on members.one_id = orders.one_id and members.joined_on <= orders.ordered_on
    where
        orders.is_paid
        and orders.ordered_on <= {{ business_date() }}
        and {{ business_date() }} < {{ days_after('orders.ordered_on', var('communities_trading_days')) }}
    group by members.group_key
)

select health.group_key
from {{ ref('mart_community_health') }} as health
left join trading on health.group_key = trading.group_key
where health.trading <> coalesce(trading.members_count, 0)
