-- Grain: one customer group, and how its members stand on the business date.
with

chats as (select * from {{ ref('stg_wecom__groups') }}),

days as (select * from {{ ref('fct_community_daily') }}),

ranked_days as (
    select
        *,
        row_number() over (partition by group_key order by community_on desc) as age,
        sum(joined) over (partition by group_key) as joined_lately,
        sum(evaporated) over (partition by group_key) as evaporated_lately,
        sum(woken) over (partition by group_key) as woken_lately
    from days
),

keyed as (
    select
        *,
        'wecom|' || corp_id || '|' || chat_id as group_key
    from chats
),

mart_community_health as (
    select
        keyed.group_key,
        keyed.group_name,
        keyed.owner_userid as staff_code,
        {{ shanghai_date('keyed.created_at') }} as created_on,
        keyed.is_deleted as is_dismissed,
        coalesce(ranked_days.reachable, 0) as reachable,
        coalesce(ranked_days.interacting, 0) as interacting,
        coalesce(ranked_days.trading, 0) as trading,
        coalesce(ranked_days.evaporating, 0) as evaporating,
        coalesce(ranked_days.departed, 0) as departed,
        cast(coalesce(ranked_days.joined_lately, 0) as bigint) as joined_lately,
        cast(coalesce(ranked_days.evaporated_lately, 0) as bigint) as evaporated_lately,
        cast(coalesce(ranked_days.woken_lately, 0) as bigint) as woken_lately
    from keyed
    left join ranked_days on keyed.group_key = ranked_days.group_key and ranked_days.age = 1
)

select * from mart_community_health
