-- Grain: one session in the mini program, the app or on the web site, of our own tracking. It belongs to the day on
-- which it began and to whoever was known in it last.
{{ config(materialized='kept', key='session_key', scope='int_changed__sessions', indexes=[{'columns': ['one_id']}]) }}

with

events as (
    select * from {{ ref('fct_touchpoints') }}
    {{ where_changed('session_key', ref('int_changed__sessions')) }}
),

placed as (
    select
        *,
        row_number() over (partition by session_key order by occurred_at, touchpoint_key) as place,
        row_number() over (
            partition by session_key
            order by case when account_key is null then 1 else 0 end, occurred_at desc, touchpoint_key desc
        ) as place_of_account,
        row_number() over (
            partition by session_key
            order by case when campaign_key is null then 1 else 0 end, occurred_at, touchpoint_key
        ) as place_of_campaign
    from events
    where session_key is not null
),

fct_sessions as (
    select
        session_key,
        max(case when place_of_account = 1 then one_id end) as one_id,
        max(case when place_of_account = 1 then account_key end) as account_key,
        max(case when place = 1 then channel end) as channel,
        max(case when place_of_campaign = 1 then campaign_key end) as campaign_key,
        max(case when place = 1 then content_key end) as entry_content_key,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min(occurred_on) as started_on,
        count(*) as events,
        count(case when touchpoint_type = 'page_view' then 1 end) as page_views,
        count(case when touchpoint_type = 'product_view' then 1 end) as product_views,
        count(distinct case when touchpoint_type = 'product_view' then product_key end) as products_viewed,
        count(case when touchpoint_type = 'add_to_cart' then 1 end) as cart_adds,
        count(case when touchpoint_type = 'share' then 1 end) as shares
    from placed
    group by session_key
)

select * from fct_sessions
