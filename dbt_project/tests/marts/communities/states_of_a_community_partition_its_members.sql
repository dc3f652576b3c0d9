-- Whoever joined a group by today is in one state, those who are in it still in another one than departed; and the
-- last day says the same as the spells of today.
with

health as (select * from {{ ref('mart_community_health') }}),

members as (
    select
        'wecom|' || corp_id || '|' || chat_id as group_key,
        count(*) as members_count,
        count(case when not is_member then 1 end) as departed
    from {{ ref('stg_wecom__group_members') }}
    where
        member_type = 2
        and coalesce({{ shanghai_date('joined_at') }}, first_landed_on) <= {{ business_date() }}
    group by corp_id, chat_id
),

spells as (
    select
        group_key,
        count(case when state = 'reachable' then 1 end) as reachable,
        count(case when state = 'interacting' then 1 end) as interacting,
        count(case when state = 'trading' then 1 end) as trading,
        count(case when state in ('silent', 'departed') then 1 end) as evaporating
    from {{ ref('fct_community_spells') }}
    where from_on <= {{ business_date() }} and (until_on is null or {{ business_date() }} < until_on)
    group by group_key
)

select health.group_key
from health
left join members on health.group_key = members.group_key
left join spells on health.group_key = spells.group_key
where
    health.reachable + health.interacting + health.trading + health.evaporating <> coalesce(members.members_count, 0)
    or health.departed <> coalesce(members.departed, 0)
    or health.reachable <> coalesce(spells.reachable, 0)
    or health.interacting <> coalesce(spells.interacting, 0)
    or health.trading <> coalesce(spells.trading, 0)
    or health.evaporating <> coalesce(spells.evaporating, 0)
