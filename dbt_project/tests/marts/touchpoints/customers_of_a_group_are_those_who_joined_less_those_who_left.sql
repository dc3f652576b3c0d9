with

days as (
    select
        *,
        sum(customers_joined - customers_left) over (
            partition by group_key order by active_on rows unbounded preceding
        ) as customers_by_moves,
        row_number() over (partition by group_key order by active_on desc) as age
    from {{ ref('fct_group_activity') }}
),

members as (
    select
        'wecom|' || corp_id || '|' || chat_id as group_key,
        count(case when is_member then 1 end) as customers
    from {{ ref('stg_wecom__group_members') }}
    where member_type = 2
    group by corp_id, chat_id
)

select
    days.group_key,
    days.active_on
from days
left join members on days.group_key = members.group_key
where
    days.customers_at_end <> days.customers_by_moves
    or days.customers_at_end < 0
    or (days.age = 1 and days.customers_at_end <> coalesce(members.customers, 0))
